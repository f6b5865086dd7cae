import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What only a Swarm has: several machines.
@Suite(.requiresPrivateSwarm, .timeLimit(.minutes(5)))
struct SwarmTests {
    private func machine(of node: Node, in cluster: Cluster) async throws -> String? {
        for machine in SwarmMachines.names {
            let words = ["ps", "--filter", "name=cf-\(cluster.id)-\(node.name)$", "--quiet"]
            if try await !SwarmMachines.engine(machine).ask(words).lines.isEmpty { return machine }
        }
        return nil
    }

    @Test func nodesAreSpreadOverTheMachinesAndReachedThere() async throws {
        try await withCluster(nodes: 5, backend: .swarm) { cluster in
            var counts: [String: Int] = [:]
            for node in cluster.nodes {
                let machine = try #require(try await machine(of: node, in: cluster))
                counts[machine, default: 0] += 1
                #expect(node.host == "198.19.254.1\(machine.last!)")
                // Nobody else's interface has its port.
                let published = try await SwarmMachines.engine(machine).ask(
                    ["ps", "--filter", "publish=\(node.port)", "--format", "{{.Ports}}"])
                let ports = published.lines.flatMap { $0.split(separator: ", ") }.filter { $0.contains("->") }
                #expect(ports == ["\(node.host):\(node.port)->22/tcp"])
            }
            #expect(counts.values.sorted() == [1, 2, 2])
            let names = cluster.nodes.map(\.name)
            for node in cluster.nodes {
                let line = names.map { "ssh \($0) hostname" }.joined(separator: "; ")
                #expect(try await node.run(line).lines == names)
                // What a program takes for its machine's address is the one that others reach it by.
                let asked =
                    "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9)); print(s.getsockname()[0])"
                #expect(try await node.run(["python3", "-c", asked]).standardOutput == node.ip + "\n")
                // What it knows of the others is there after its machine's engine has started it again.
                try await node.restart()
                #expect(try await node.run(line).lines == names)
            }
        }
    }

    @Test func constraintsAndLabelsSayWhere() async throws {
        let manager = SwarmMachines.engine("machine1")
        for (machine, zone) in zip(SwarmMachines.names, ["east", "east", "west"]) {
            let words = ["node", "update", "--label-add", "zone=\(zone)", machine]
            try await manager.change(words, else: "\(machine) got no label")
        }
        try await withCluster(nodes: 4, backend: .swarm(SwarmOptions(spreadOver: "zone"))) { cluster in
            let machines = try await Array(cluster.nodes).asyncMap { try await machine(of: $0, in: cluster) }
            #expect(machines.filter { $0 == "machine3" }.count == 2)
        }
        let east = SwarmOptions(constraints: ["node.labels.zone==east", "node.role!=manager"])
        try await withCluster(nodes: 2, backend: .swarm(east)) { cluster in
            let machines = try await Array(cluster.nodes).asyncMap { try await machine(of: $0, in: cluster) }
            #expect(machines == ["machine2", "machine2"])
        }
    }

    /// Machines may have an address for whoever uses them, and another one for each other.
    @Test func aLabelSaysByWhichAddressNodesAreReached() async throws {
        let manager = SwarmMachines.engine("machine1")
        let options = SwarmOptions(constraints: ["node.hostname==machine2"], addressLabel: "reached")
        let none = try await #require(throws: ClusterError.self) {
            try await withCluster(backend: .swarm(options)) { _ in }
        }
        #expect(none.message.contains("machine2 has no label reached"), "\(none)")
        let address = "198.19.254.122"
        for words in [["ip", "address", "add", address + "/24", "dev", "eth0"]] {
            try #require(try await SwarmMachines.command(words, on: "machine2").output().succeeded)
        }
        let label = ["node", "update", "--label-add", "reached=" + address, "machine2"]
        try await manager.change(label, else: "machine2 got no label")
        try await withCluster(nodes: 2, backend: .swarm(options)) { cluster in
            #expect(cluster.nodes.map(\.host) == [address, address])
            let told = try await cluster[0].run("ssh node2 hostname").requireSuccess()
            #expect(told.standardOutput == "node2\n")
            #expect(!LoopbackPort.accepts(cluster[0].port, on: "198.19.254.12"))
        }
        try await manager.change(["node", "update", "--label-rm", "reached", "machine2"], else: "It kept its label")
        let removal = ["ip", "address", "delete", address + "/24", "dev", "eth0"]
        try #require(try await SwarmMachines.command(removal, on: "machine2").output().succeeded)
    }

    /// A Swarm takes a network of addresses that another one has, and may set it up.
    @Test func addressesOfAnotherNetworkAreNotTaken() async throws {
        let (manager, name) = (SwarmMachines.engine("machine1"), "cft-\(Int.random(in: 0..<1 << 32))")
        let words = ["network", "create", "--driver", "overlay", "--attachable", "--subnet", "198.18.90.0/24", name]
        try await manager.change(words, else: "There is no other network")
        for _ in 1...3 {
            try await withCluster(nodes: 2, backend: .swarm, configure: { $0.subnets = "198.18.88.0/22" }) { cluster in
                try #require(cluster.nodes.allSatisfy { $0.ip.hasPrefix("198.18.88.") })
            }
        }
        try await manager.change(["network", "rm", name], else: "The other network stays")
    }

    /// An engine that joins two networks at once may lose one of them, whichever processes want it to.
    @Test func clustersOfSeveralProcessesStartAtTheSameTime() async throws {
        let environment = ["CLUSTER_FIXTURE_BACKEND": "swarm"]
        let outputs = try await concurrently(Array(1...6), atMost: 6) { _ in
            try await Command(
                CommandLine.path, ["run", "--nodes", "3", "--", "ssh", "node3", "hostname"], environment: environment
            ).output(limit: .seconds(150))
        }
        #expect(outputs.map(\.standardOutput) == Array(repeating: "node3\n", count: 6), "\(outputs.map(\.complaint))")
        #expect(!outputs.contains { $0.standardError.contains("once more") })
    }

    /// For the same tests on several backends, by the environment alone.
    @Test func variablesSayWhatOptionsSay() async throws {
        func run(_ variables: [String: String], _ line: String) async throws -> CommandOutput {
            let environment = ["CLUSTER_FIXTURE_BACKEND": "swarm"].merging(variables) { $1 }
            let words = ["run", "--nodes", "2", "--", "sh", "-c", line]
            return try await Command(CommandLine.path, words, environment: environment).output(limit: .seconds(100))
        }
        let jump = #"grep -q "ProxyJump node1" "$CLUSTER_SSH_CONFIG" && ssh node2 hostname"#
        let through = try await run(["CLUSTER_FIXTURE_SWARM_GATEWAY": "yes"], jump)
        #expect(through.standardOutput == "node2\n", "\(through)")
        let direct = try await run(["CLUSTER_FIXTURE_SWARM_GATEWAY": "no"], jump)
        #expect(direct.exitCode == 1, "\(direct)")
        let neither = try await run(["CLUSTER_FIXTURE_SWARM_GATEWAY": "maybe"], "true")
        #expect(neither.standardError.contains("which is not one of its values. Use yes or no"), "\(neither)")
        // The engine that Docker's own command would use.
        let usual = try await run(["CLUSTER_FIXTURE_SWARM": "", "DOCKER_CONTEXT": "machine1"], "ssh node2 hostname")
        #expect(usual.standardOutput == "node2\n", "\(usual)")
        let label = try await run(["CLUSTER_FIXTURE_SWARM_ADDRESS_LABEL": "nowhere"], "true")
        #expect(label.standardError.contains("has no label nowhere"), "\(label)")
    }

    @Test func secretsAreNowhereToBeSeen() async throws {
        try await withCluster(nodes: 2, backend: .swarm) { cluster in
            let key = try String(contentsOfFile: cluster[0].identityFile(for: .root), encoding: .utf8)
            let secret = try #require(key.split(separator: "\n").dropFirst(3).first)
            for machine in SwarmMachines.names {
                let engine = SwarmMachines.engine(machine)
                let containers = try await engine.ask(["ps", "--all", "--quiet"]).lines
                guard !containers.isEmpty else { continue }
                let seen = try await engine.ask(["inspect"] + containers).standardOutput
                #expect(!seen.contains(secret) && !seen.contains("PRIVATE KEY"))
            }
            let names = "/etc/ssh/ssh_host_ed25519_key /root/.cluster-fixture"
            #expect(try await cluster[0].run("cat \(names)").exitCode != 0)
        }
    }

    @Test func limitsAreTheNodesOwn() async throws {
        let limits = NodeLimits(processors: 0.5, memory: 200 << 20)
        try await withCluster(ClusterConfiguration(nodes: 2, backend: .swarm, limits: limits)) { cluster in
            for node in cluster.nodes {
                let machine = try #require(try await machine(of: node, in: cluster))
                let container = "cf-\(cluster.id)-\(node.name)"
                let told = try await SwarmMachines.engine(machine).ask(
                    ["inspect", "--format", "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}", container])
                #expect(told.standardOutput == "500000000 \(200 << 20)\n")
            }
        }
    }

    /// The ssh_config jumps, from machine to machine.
    @Test func aLoginNodeIsTheWayToTheOthers() async throws {
        let roles: [NodeRole] = [.login, .compute(3)]
        try await withCluster(
            roles: roles, backend: .swarm, configure: { $0.site = Site(computeBehindLogin: true) }
        ) { cluster in
            for node in cluster.nodes.dropFirst() {
                #expect(try await node.run("hostname").standardOutput == node.name + "\n")
                let words = ["-F", cluster.sshConfigurationFile, node.name, "echo $SSH_CONNECTION"]
                let output = try await Command("ssh", words).output()
                #expect(output.standardOutput.hasPrefix(cluster[0].ip + " "), "\(output.complaint)")
            }
        }
    }

    @Test func oneNodeIsTheWayInWhereTheOthersMachinesLetNobodyIn() async throws {
        try await SwarmMachines.shut {
            let error = try await #require(throws: ClusterError.self) {
                try await withCluster(nodes: 3, backend: .swarm, configure: { $0.readyWithin = .seconds(5) }) { _ in }
            }
            #expect(error.code == .notReady, "\(error)")
            let options = SwarmOptions(throughGateway: true)
            try await withCluster(nodes: 3, backend: .swarm(options)) { cluster in
                #expect(try await machine(of: cluster[0], in: cluster) == "machine1")
                #expect(cluster.nodes.map(\.proxyJump) == [nil, "node1", "node1"])
                try await cluster[1].restart()
                for (node, result) in try await cluster.run("hostname", as: .root).requireSuccess() {
                    #expect(try result.get().standardOutput == node + "\n")
                }
                for node in cluster.nodes {
                    let output = try await Command("ssh", ["-F", cluster.sshConfigurationFile, node.name, "hostname"])
                        .output()
                    #expect(output.standardOutput == node.name + "\n", "\(output.complaint)")
                }
                try await cluster[2].write("there", to: "file")
                #expect(try await cluster[2].read("file") == Data("there".utf8))
                let forward = try await cluster[2].forward(22)
                #expect(LoopbackPort.accepts(forward.localPort))
            }
            let published = try await #require(throws: ClusterError.self) {
                try await withCluster(nodes: 2, backend: .swarm(options), configure: { $0.ports = [8787] }) { _ in }
            }
            #expect(published.message.contains("Port 8787 of node1 can't be published"), "\(published)")
        }
    }

    /// The manager by SSH, as Docker's own command reaches it.
    @Test func theManagerMayBeReachedBySSH() async throws {
        try await withTemporaryFolder { folder in
            let (key, host) = (
                try await KeyPair.generate(folder + "/key"), try await KeyPair.generate(folder + "/host")
            )
            let server = """
                ListenAddress 198.19.254.11:2222
                HostKey \(host.privateFile)
                AuthorizedKeysFile \(key.privateFile).pub
                PidFile none
                StrictModes no
                PermitRootLogin prohibit-password
                UsePAM no
                MaxStartups 10:100:10
                """
            try server.write(toFile: folder + "/sshd_config", atomically: true, encoding: .utf8)
            let known = try String(contentsOfFile: host.privateFile + ".pub", encoding: .utf8)
            try "[198.19.254.11]:2222 \(known)".write(toFile: folder + "/known", atomically: true, encoding: .utf8)
            // Docker's command runs the `ssh` that it finds, as does whoever asks the nodes.
            let own = "-F /dev/null -i \(key.privateFile) -o UserKnownHostsFile=\(folder)/known"
            let client = """
                #!/bin/sh
                case "$*" in *' docker system dial-stdio') set -- \(own) "$@" ;; esac
                exec \(try #require(ProgramPath.find("ssh"))) "$@"
                """
            try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: false)
            try Workspace.write(client, to: folder + "/bin/ssh", mode: 0o700)
            let sshd = try SwarmMachines.command(
                ["sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -f \(folder)/sshd_config"], on: "machine1")
            let serving = Task { try await sshd.output() }
            #expect(try await eventually { LoopbackPort.accepts(2222, on: "198.19.254.11") })
            let environment = [
                "CLUSTER_FIXTURE_SWARM": "ssh://root@198.19.254.11:2222", "CLUSTER_FIXTURE_BACKEND": "swarm",
                "PATH": folder + "/bin:" + ProgramPath.own,
            ]
            let run = [
                "run", "--nodes", "2", "--", "sh", "-c",
                "echo $CLUSTER_NODES; ssh -F $CLUSTER_SSH_CONFIG node2 hostname",
            ]
            let output = try await Command(CommandLine.path, run, environment: environment).output(limit: .seconds(100))
            // Many questions at once are not more logins than a server takes.
            let docker = "#!/bin/sh\nPATH=\(folder)/bin:$PATH exec docker \"$@\""
            try Workspace.write(docker, to: folder + "/bin/asking", mode: 0o700)
            let engine = DockerEngine(command: folder + "/bin/asking", host: environment["CLUSTER_FIXTURE_SWARM"])
            let answers = try await concurrently(Array(1...30), atMost: 30) { _ in try await engine.lines(["ps"]) }
            #expect(answers.allSatisfy { !$0.isEmpty })
            serving.cancel()
            _ = await serving.result
            #expect(output.standardOutput == "node1 node2\nnode2\n", "\(output.complaint)")
        }
    }

    /// A process whose machine is gone says nothing, and nobody tells the connection so. The Swarm gives a machine that is drained no part of a
    /// service, and of several managers each could wait for the other.
    @Test(arguments: [[], ["update", "--availability", "drain", "machine1"], ["promote", "machine2"]])
    func whoIsSilentForTooLongIsTakenForDead(change: [String]) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 3, backend: .swarm))
        let manager = SwarmMachines.engine("machine1")
        if !change.isEmpty { try await manager.change(["node"] + change, else: "The machine stays as it was") }
        let machines = try await Swarm(manager).machines()
        let reaper = try await SwarmReaper.begin(
            try #require(ClusterID(cluster.id)), on: manager,
            image: try await DockerImages(engine: manager).ensure(.node, timeline: Timeline()), patience: .seconds(1))
        reaper.include(machines.map(\.id))
        try await reaper.watching()
        #expect(try await eventually { try await SwarmMachines.traces(of: cluster.id).isEmpty })
        await reaper.dismiss()
        try await cluster.stop()
        switch change.first {
        case "promote": try await manager.change(["node", "demote", "machine2"], else: "It stays a manager")
        case "update":
            try await manager.change(
                ["node", "update", "--availability", "active", "machine1"], else: "It stays drained")
        default: break
        }
    }

    /// A process may die while the machines are still given the image in which their nodes are removed.
    @Test func aMachineThatLacksTheImageIsNotWaitedForWhereItCanHaveNoNodes() async throws {
        let manager = SwarmMachines.engine("machine1")
        let cluster = ClusterID.random()
        let (network, image) = (DockerArguments.network(cluster), "cluster-fixture/alone:\(cluster)")
        try await withTemporaryFolder { folder in
            let below = try await DockerImages(engine: manager).ensure(.node, timeline: Timeline())
            try "FROM \(below)\nLABEL alone=\(cluster)\n".write(
                toFile: folder + "/Dockerfile", atomically: true, encoding: .utf8)
            try await manager.change(["build", "--tag", image, folder], else: "Nothing was built")
        }
        let labels = ["user=\(geteuid())", "machine=\(SwarmStart.all)"].flatMap {
            ["--label", "org.clusterfixture.\($0)"]
        }
        let reaper = try await SwarmReaper.begin(cluster, on: manager, image: image)
        try await manager.change(
            ["network", "create", "--driver", "overlay", "--attachable"] + labels + [network],
            else: "No network was made")
        try await reaper.release()
        #expect(try await eventually { try await SwarmMachines.traces(of: "\(cluster)").isEmpty })
        await reaper.dismiss()
        try await manager.change(["image", "rm", "--force", image], else: "The image is left")
    }

    /// Each machine that comes back to a network gets another address of the Swarm's, and none that a node has.
    @Test func nodesComeBackHoweverOftenTheirMachinesLeave() async throws {
        try await withCluster(nodes: 3, backend: .swarm) { cluster in
            let ips = cluster.nodes.map(\.ip)
            for _ in 1...3 {
                for node in cluster.nodes { try await node.kill() }
                for node in cluster.nodes.reversed() { try await node.start() }
            }
            for (node, ip) in zip(cluster.nodes, ips) {
                #expect(try await node.run("hostname -I").standardOutput.contains("\(ip) "))
            }
            _ = try await cluster[0].run("ssh node2 true && ssh node3 true").requireSuccess()
        }
    }

    /// A Swarm keeps a network while it believes that something is on it, also when the manager's engine has forgotten it already.
    @Test func theNetworkGoesThoughSomethingIsOnItForLonger() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .swarm))
        let image = try await DockerImages(engine: SwarmMachines.engine("machine1")).ensure(.node, timeline: Timeline())
        try await SwarmMachines.engine("machine3").change(
            ["run", "--detach", "--rm", "--network", "cf-\(cluster.id)", "--entrypoint", "sleep", image, "4"],
            else: "Nothing else is on the network")
        try await cluster.stop()
        #expect(try await eventually { try await SwarmMachines.traces(of: cluster.id).isEmpty })
    }

    /// What takes clusters away has the manager's engine, and nothing else of root's.
    @Test func theReaperHasNoRightsButTheEngine() async throws {
        try await withCluster(backend: .swarm) { cluster in
            let manager = SwarmMachines.engine("machine1")
            let words = ["ps", "--no-trunc", "--format", "{{.ID}} {{.Command}}"]
            let lines = try await manager.ask(words).lines.filter { $0.contains("cf-\(cluster.id)-reaper") }
            let reaper = try #require(lines.first?.split(separator: " ").first)
            let settings = ["Privileged", "NetworkMode", "ReadonlyRootfs", "CapDrop", "SecurityOpt"]
            let format = settings.map { "{{.HostConfig.\($0)}} " }.joined() + "{{len .Mounts}}"
            let told = try await manager.ask(["inspect", "--format", format, String(reaper)])
            #expect(told.standardOutput == "false none true [ALL] [no-new-privileges] 1\n")
        }
    }

    @Test func anotherProcessFindsTheClusterAndTakesItAway() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .swarm, name: "found"))
        let found = try await ClusterCatalog.find("found")
        #expect(found.summary.backend == "swarm")
        #expect(found.cluster.nodes.map(\.name) == ["node1", "node2"])
        #expect(try await found.cluster.states() == ["node1": .running, "node2": .running])
        #expect(try await found.cluster.execute(["hostname"], on: "node2").standardOutput == "node2\n")
        try await found.remove()
        // The manager has nothing of it; a machine's own engine may tell a moment later.
        #expect(try await eventually { try await SwarmMachines.traces(of: cluster.id).isEmpty })
        try await cluster.stop()
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
