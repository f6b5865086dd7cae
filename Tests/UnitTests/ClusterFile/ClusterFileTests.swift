import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterFile

@Suite struct ClusterFileTests {
    private static func parse(_ text: String, in folder: String = "/nowhere") throws -> ClusterConfiguration {
        try ClusterFile.parse(Data(text.utf8), named: "lab.yaml", folder: folder)
    }

    @Test func everythingThatSwiftHasIsThereUnderItsName() throws {
        // Services are kept in a list that can be compared.
        func names(_ value: Any) -> Set<String> {
            Set(Mirror(reflecting: value).children.compactMap(\.label).map { $0 == "serviceList" ? "services" : $0 })
        }
        #expect(Set(ClusterFile.names[""] ?? []) == names(ClusterConfiguration()))
        #expect(Set(ClusterFile.names["limits"] ?? []) == names(NodeLimits.none))
        #expect(Set(ClusterFile.names["ports"] ?? []) == names(PublishedPort(1)))
        #expect(Set(ClusterFile.names["roles"] ?? []) == names(NodeRole("x")))
        #expect(Set(ClusterFile.names["site"] ?? []) == names(Site.open))
        #expect(Set(ClusterFile.names["mounts"] ?? []) == names(Mount("/a", at: "/b")))
    }

    @Test func aWholeFileIsWhatItSays() throws {
        try withFolder { folder in
            let read = try Self.parse(
                """
                # everything
                nodes: 3
                image:
                  dask: {basedOn: "debian:trixie"}
                  adding:
                    - packages: [tree, redis-server=5:7.0]
                    - {requirements: requirements.txt, script: sub/../requirements.txt}
                backend: docker
                name: lab
                limits:
                  {processors: 1.5, memory: 512m, disk: 2g, sharedMemory: 1048576, openFiles: 4096, processes: 100,
                   stack: 16m, lockedMemory: 64k, coreFile: 0}
                environment: {WORD: "two words", NUMBER: 08, TRUTH: yes, EMPTY: ""}
                ports: [8787, {nodePort: 8888}]
                mounts: [{source: sub, target: /data, isReadOnly: true}, {source: /tmp, target: /tmp2}]
                outside: true
                hostAccess: true
                subnets: 10.77.0.0/16
                ipv6: true
                sudo: true
                capabilities: [SYS_PTRACE]
                readyWithin: 2.5
                """, in: folder)
            let expected = ClusterConfiguration(
                nodes: 3,
                image: .dask(basedOn: "debian:trixie").adding(packages: ["tree", "redis-server=5:7.0"])
                    .adding(requirements: folder + "/requirements.txt", script: folder + "/requirements.txt"),
                backend: .docker, name: "lab",
                limits: NodeLimits(
                    processors: 1.5, memory: 512 << 20, disk: 2 << 30, sharedMemory: 1 << 20, openFiles: 4096,
                    processes: 100,
                    stack: 16 << 20, lockedMemory: 64 << 10, coreFile: 0),
                environment: ["WORD": "two words", "NUMBER": "08", "TRUTH": "yes", "EMPTY": ""],
                ports: [8787, 8888],
                mounts: [Mount(folder + "/sub", at: "/data", isReadOnly: true), Mount("/tmp", at: "/tmp2")],
                outside: true, hostAccess: true, subnets: "10.77.0.0/16", ipv6: true, sudo: true,
                capabilities: ["SYS_PTRACE"],
                readyWithin: .milliseconds(2500))
            #expect(read == expected)
        }
    }

    @Test(arguments: [
        ("", NodeImage.node), ("# nothing\n", .node), ("image: dask", .dask), ("image: mine:1", .named("mine:1")),
        ("image: laserfarm", .laserfarm), ("image: {laserfarm: }", .laserfarm), ("image: {node: }", .node),
        ("image: {adding: {packages: [tree]}}", .node.adding(packages: ["tree"])),
        ("image: {named: 'x'}", .named("x")), ("image: {rootFileSystem: ../root}", .rootFileSystem("/root")),
    ]) func anImageIsWrittenInManyWays(text: String, image: NodeImage) throws {
        #expect(try Self.parse(text) == ClusterConfiguration(image: image))
    }

    @Test func aDockerfilesFolderIsItsContextUnlessAnotherIsSaid() throws {
        try withFolder { folder in
            let short = try Self.parse("image: {dockerfile: requirements.txt}", in: folder).image
            #expect(
                short == .dockerfile(folder + "/requirements.txt", context: folder))
            let text = "image: {dockerfile: {path: requirements.txt, context: sub, target: last, arguments: {A: 1}}}"
            let long = try Self.parse(text, in: folder).image
            #expect(
                long
                    == .dockerfile(
                        folder + "/requirements.txt", context: folder + "/sub", target: "last", arguments: ["A": "1"]))
        }
    }

    @Test func machinesThatWereThereBeforeAreNamedByAFile() async throws {
        try await withTemporaryFolder { folder in
            let read = try Self.parse("backend: {hosts: pool/hosts.yaml}", in: folder)
            #expect(read.backend == .hosts(folder + "/pool/hosts.yaml"))
            #expect(try Self.parse("backend: hosts", in: folder).backend == .hosts)
        }
    }

    /// What is refused, where, and in which words.
    static let refused = [
        ("node: 3", "1:1", "Did you mean nodes?"), ("nodes: three", "1:8", "whole number"),
        ("nodes: 1.5", "1:8", "whole number"),
        ("nodes: '3'", "1:8", "whole number"), ("nodes: 0", "1:8", "1 to 1000"), ("nodes:", "1:", "whole number"),
        ("limits:\n  memory: 12", "2:11", "6 MiB"), ("limits:\n  memory: much", "2:11", "a size"),
        ("limits: {shared_memory: 1g}", "1:10", "Did you mean sharedMemory?"), ("limits: 3", "1:9", "a mapping"),
        ("limits: {openFiles: 3}", "1:21", "the least is 32"), ("limits: {processors: -1}", "1:22", "processors"),
        ("nodes: 1\nnodes: 2", "1:1", "twice"), ("a: [", "2:1", "parsing"), ("- x", "1:1", "a mapping"),
        ("ports: 3", "1:8", "a list"), ("roles: [Login]", "1:9", "The role"), ("roles: [{count: 2}]", "1:9", "no name"),
        ("roles: [{name: a, count: 0}]", "1:26", "at least 1"), ("roles: [{name: a, size: 0}]", "1:19", "name, count"),
        ("site: home", "1:7", "university"), ("site: {wayOut: no}", "1:8", "noWayOut"),
        ("site: {firewall: [0]}", "1:19", "not a port"), ("services: [slrum]", "1:12", "no service"),
        ("services: [{sharedFolder: {size: 1g}}]", "1:27", "no path"),
        ("services: [{sharedFolder: /a, slurm: }]", "1:12", "one service"),
        ("services: [{gridEngine: {slots: 0}}]", "1:33", "at least 1"),
        ("services: [{htCondor: 3}]", "1:23", "htCondor has no settings"),
        ("ports: [22]", "1:9", "always published"), ("ports: [70000]", "1:9", "not a port"),
        ("ports: [{hostPort: 3}]", "1:9", "no nodePort"), ("ports: [{nodePort: 3, port: 4}]", "1:23", "nodePort"),
        ("environment: {1a: x}", "1:15", "environment variable"), ("environment: {a: [x]}", "1:18", "a text"),
        ("environment: {a: \"x\\ny\"}", "1:15", "line break"), ("image: {node: , dask: }", "1:23", "not both"),
        ("image: {nod: }", "1:9", "Did you mean node?"), ("image: {dask: {base: x}}", "1:16", "basedOn"),
        ("image: {laserfarm: {basedOn: x}}", "1:20", "a base of its own"),
        ("image: {laserfarm: , node: }", "1:28", "not both"),
        ("image: {adding: {packages: ['-x']}}", "1:29", "a package"),
        ("image: {adding: {script: none}}", "1:26", "can't be read"),
        ("image: {dockerfile: none}", "1:21", "can be read"), ("image: {dockerfile: {target: x}}", "1:21", "no path"),
        ("backend: dokcer", "1:10", "Did you mean docker?"), ("name: Lab", "1:7", "lower-case"),
        ("name: 3", "1:7", "a text"),
        ("mounts: [{source: x, target: /y}]", "1:10", "no such folder"), ("mounts: [{source: x}]", "1:10", "no target"),
        ("capabilities: [NONE]", "1:16", "capability"), ("sudo: maybe", "1:7", "true or false"),
        ("sudo: 1", "1:7", "true or false"), ("subnets: everything", "1:10", "not a range"),
        ("ipv6: 6", "1:7", "true or false"),
        ("readyWithin: 0", "1:14", "more than 0"), ("readyWithin: 1 m", "1:14", "a number"),
        ("a: *x", "1:4", "alias"), ("nodes: 1\n---\nnodes: 2", "2:1", "single document"), ("3: x", "1:1", "no key"),
    ]

    @Test(arguments: refused) func whatCanNotBeIsRefusedAtItsPlace(text: String, place: String, words: String) throws {
        let error = try #require(throws: ClusterError.self) { try Self.parse(text) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.hasPrefix("lab.yaml:" + place), "\(error)")
        #expect("\(error)".contains(words), "\(error)")
        #expect(!"\(error)".contains("\n"))
    }

    @Test func theReadmesFileCanBeRead() throws {
        try withFolder { folder in
            let readme = try Checkout.text(of: "README.md")
            let example = try #require(readme.components(separatedBy: "```yaml\n").dropFirst().first)
            let text = try #require(example.components(separatedBy: "```").first)
            try Data().write(to: URL(fileURLWithPath: folder + "/prepare.sh"))
            try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: false)
            let read = try Self.parse(text, in: folder)
            #expect(
                read.roles.map(\.count) == [1, 3]
                    && read.mounts == [Mount(folder + "/data", at: "/data", isReadOnly: true)])
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "cft-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: folder + "/requirements.txt"))
        try body(URL(fileURLWithPath: folder).standardizedFileURL.path)
    }
}
