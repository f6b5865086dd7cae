import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// Files of hosts, as users have them.
@Suite struct HostPoolTests {
    private static func names(_ text: String) throws -> [String] {
        try HostPool.parse(text, file: "/etc/pool").hosts.map(\.name)
    }

    @Test func theLibrarysOwnFile() throws {
        let pool = try HostPool.parse(
            """
            # The lab
            user: alice
            root: true
            bastions:
              - {name: gate, address: 192.0.2.1}
            proxyJump: gate
            hosts:
              - web1
              - name: web2.example.org
                address: 10.0.0.2
                port: 2222
                user: bob
                root: false
                identityFile: keys/with space
                hostKeys: ssh-ed25519 AAAA comment
                roles: [login, compute]
                folder: /scratch
            """, file: "/etc/pool")
        #expect(pool.hosts.map(\.name) == ["web1", "web2.example.org"])
        #expect(pool.hosts.map(\.hasRoot) == [true, false])
        #expect(pool.hosts[1].hostKeys == ["ssh-ed25519 AAAA"])
        #expect(pool.hosts[1].roles == ["login", "compute"])
        #expect(pool.hosts.map(\.base) == ["/tmp", "/scratch"])
        #expect(pool.hosts[1].shortName == "web2" && pool.hosts[1].domain == ".example.org")
        #expect(pool.configuration.contains("Host web1\n  ProxyJump gate\n  User alice\n"))
        #expect(pool.configuration.contains("  IdentityFile \"/etc/keys/with space\"\n"))
        #expect(pool.configuration.contains("  Port 2222\n  ProxyJump gate\n  User bob\n"))
        #expect(pool.configuration.contains("Host gate\n  HostName 192.0.2.1\n  User alice\n"))
    }

    @Test func anInventoryOfAnsiblesAsINI() throws {
        let pool = try HostPool.parse(
            """
            solo ansible_host=10.0.0.9 ; x=y

            [login]
            web1 ansible_host=10.0.0.1 ansible_port=2222 ansible_user='alice' # the first
            [compute]
            web2
            [cluster:children]
            login
            compute
            [cluster:vars]
            ansible_user = carol
            ansible_ssh_common_args = "-J gate -o ProxyUseFdpass=no -o 'IdentityFile=~/.ssh/lab'"
            [compute:vars]
            ansible_ssh_private_key_file=/keys/compute
            """.replacing(" ; x=y", with: ""), file: "/etc/pool")
        #expect(pool.hosts.map(\.name) == ["solo", "web1", "web2"])
        #expect(pool.hosts.map(\.roles) == [[], ["login", "cluster"], ["compute", "cluster"]])
        #expect(pool.configuration.contains("Host solo\n  HostName 10.0.0.9\nHost web1\n"))
        #expect(pool.configuration.contains("  HostName 10.0.0.1\n  Port 2222\n  User alice\n  ProxyJump gate\n"))
        #expect(
            pool.configuration.contains("Host web2\n  User carol\n  IdentityFile /keys/compute\n  ProxyJump gate\n"))
        #expect(pool.configuration.contains("  IdentityFile ~/.ssh/lab\n"))
    }

    @Test func anInventoryOfAnsiblesAsYAML() throws {
        let pool = try HostPool.parse(
            """
            all:
              vars: {ansible_user: alice}
              children:
                login:
                  hosts:
                    web1: {ansible_host: 10.0.0.1, ansible_port: 2222}
                compute:
                  hosts:
                    web2:
                    web3: {ansible_user: bob}
            """, file: "/etc/pool")
        #expect(pool.hosts.map(\.name) == ["web1", "web2", "web3"])
        #expect(pool.hosts.map(\.roles) == [["login"], ["compute"], ["compute"]])
        #expect(pool.configuration.contains("Host web1\n  HostName 10.0.0.1\n  Port 2222\n  User alice\n"))
        #expect(pool.configuration.contains("Host web3\n  User bob\n"))
    }

    @Test func anSSHConfiguration() async throws {
        try await withTemporaryFolder { folder in
            try "Host web4\n  HostName 10.0.0.4\n".write(
                toFile: folder + "/more", atomically: true, encoding: .utf8)
            let text = """
                Include \(folder)/m*
                host = web1 web1.example.org 10.0.0.1
                  ProxyJump bob@gate:2222
                Host web1.example.org
                  HostKeyAlias web1
                Host gate
                Host web* !web9
                  User alice
                Host web2 web?
                Match all
                """
            let pool = try HostPool.parse(text, file: "/etc/pool")
            #expect(pool.hosts.map(\.name) == ["web4", "web1", "web2"])
            #expect(pool.configuration == "Host *\n  Include /etc/pool\n")
        }
    }

    /// What can't be read, and what is said of it.
    static let refused = [
        ("", "no host in it"), ("# nothing\n", "no host in it"), ("hosts: []", "no host in it"),
        ("hosts:\n  - name: a\n    adress: b", "Did you mean address?"), ("hosts:\n  - {port: 1}", "no `name`"),
        ("host:\n  - a", "Did you mean hosts?"), ("machines: [a]", "There are hosts, bastions, address,"),
        ("hosts:\n  - name: a\n    port: 70000", "pool:3: 70000 is not a port"),
        ("hosts:\n  - a\n  - a", "is listed twice"),
        ("hosts:\n  - '-oProxyCommand=id'", "can't be the name"),
        ("hosts:\n  - {name: a, folder: '/x y'}", "absolute path"),
        ("hosts:\n  - {name: a, user: 'b c'}", "can't be user"), ("hosts: [a", "pool"),
        ("[web]\nweb[01:10]\n", "pool:2: \"web[01:10]\" is a range"), ("[web:what]\na", "begins no part"),
        ("a ansible_host={{ x }}\n", "is not a variable"), ("a ansible_host='{{ x }}'\n", "is a template"),
        ("a b\n", "is not a variable"),
        ("a ansible_connection=local", "not by ssh"), ("a ansible_ssh_common_args='-W x'", "not known here"),
        ("a x='1\n", "a quote is not closed"), ("Host *\n  User a\n", "no host in it"),
    ]

    @Test(arguments: refused) func whatCantBeReadIsRefused(text: String, words: String) throws {
        let error = try #require(throws: ClusterError.self) { try HostPool.parse(text, file: "/etc/pool") }
        #expect(error.code == .invalidConfiguration)
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test func variablesOfAnInventoryInOtherFilesAreNotOverlooked() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/group_vars", withIntermediateDirectories: true)
            let error = try #require(throws: ClusterError.self) {
                try HostPool.parse("web1\n", file: folder + "/inventory")
            }
            #expect(error.message.contains("group_vars") && error.remedy.contains("ansible-inventory"), "\(error)")
        }
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let error = try #require(throws: ClusterError.self) { try HostPool.read("/nowhere/hosts.yaml") }
        #expect(error.message.contains("/nowhere/hosts.yaml can't be read: there is no such file"), "\(error)")
    }

    @Test func aPlanAsksForNothingThatMachinesCantHave() async throws {
        let asked = ClusterConfiguration(
            image: .dask, services: [.slurm()], limits: NodeLimits(memory: 1 << 30), ports: [80], sudo: true)
        let error = try #require(throws: ClusterError.self) { try HostDemands(ClusterPlan(asked)).refuse() }
        #expect(error.code == .invalidConfiguration)
        for word in ["service slurm", "image dask", "limits", "published ports", "sudo", ".requires(.ownMachines)"] {
            #expect("\(error)".contains(word), "\(word): \(error)")
        }
        try HostDemands(ClusterPlan(ClusterConfiguration(nodes: 3, environment: ["A": "b"], outside: true))).refuse()
    }
}
