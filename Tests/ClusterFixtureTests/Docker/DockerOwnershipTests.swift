import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What bears our labels and is not ours stays, whoever looks for leftovers. Labels are anybody's.
@Suite(.requiresDocker, .timeLimit(.minutes(10)))
struct DockerOwnershipTests {
    private let backend = DockerBackend(DockerEngine())
    private let dead = ProcessIdentity(
        machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")

    /// What a node of a dead owner's cluster bears, with changes.
    private func labels(_ cluster: String, _ changes: [String: String] = [:]) -> [String] {
        let labels: [DockerLabel: String] = [
            .cluster: cluster, .name: "abandoned", .node: "node1", .owner: dead.text, .user: "\(geteuid())",
        ]
        let texts = Dictionary(uniqueKeysWithValues: labels.map { ($0.rawValue, $1) }).merging(changes) { $1 }
        return texts.flatMap { ["--label", "\($0)=\($1)"] }
    }

    @discardableResult private func docker(_ words: [String]) async throws -> String {
        try await backend.engine.change(words, else: "docker \(words[0])")
    }

    /// A container that sleeps, made with these words before the image; it is removed at the end.
    private func withContainer(
        _ words: [String], image: String? = nil, _ body: (_ container: String) async throws -> Void
    ) async throws {
        let node = try await DockerImages(engine: backend.engine).ensure(.node, timeline: Timeline(Progress()))
        let container = try await docker(
            ["create", "--entrypoint", "sleep"] + words + [image ?? node, "600"])
        let result: Result<Void, any Error>
        do { result = .success(try await body(container)) } catch { result = .failure(error) }
        _ = try await backend.engine.ask(["rm", "--force", "--volumes", container])
        try result.get()
    }

    private func withNetwork(_ name: String, _ words: [String], _ body: () async throws -> Void) async throws {
        // As a cluster's own network, it tries others if somebody has the addresses.
        try #require(
            await eventually {
                let subnet = Subnet.random(nodes: 1).description
                return try await backend.engine.ask(["network", "create", "--subnet", subnet] + words + [name])
                    .succeeded
            })
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        _ = try await backend.engine.ask(["network", "rm", name])
        try result.get()
    }

    private func isThere(_ container: String) async throws -> Bool {
        try await backend.engine.ask(["inspect", "--type", "container", container]).succeeded
    }

    /// Everything that removes what was left behind, and removal by the id.
    private func removeLeftovers(_ cluster: ClusterID?) async throws {
        await Leftovers.sweep(backend)
        _ = try await Leftovers.prune()
        if let cluster {
            try await handle(cluster).destroy()
            _ = try await Command("sh", ["-c", handle(cluster).removalCommand]).output()
            try await reap(cluster)
        }
    }

    /// A cluster of which no more than the id is known.
    private func handle(_ cluster: ClusterID) -> DockerCluster {
        let summary = ClusterSummary(
            id: cluster, name: "unknown", backend: backend.name, owner: nil, workspace: Workspace(cluster: cluster))
        return DockerCluster(engine: backend.engine, summary: summary)
    }

    private func reap(_ cluster: ClusterID) async throws {
        let reaper = try await Reaper.start(Workspace(cluster: cluster), script: backend.reaping(cluster))
        reaper.release()
        await reaper.ended()
    }

    @Test func aContainerOfACommittedNodeIsItsUsersOwn() async throws {
        let image = "cluster-fixture-test/committed:\(ClusterID.random())"
        let cluster = try await withCluster(backend: .docker) { cluster in
            let node = DockerArguments.container(cluster.clusterID, "node1")
            let change = "LABEL \(DockerLabel.owner)=\"\(dead.text)\""
            try await docker(["commit", "--change", change, node, image])
            return cluster.clusterID
        }
        try await withContainer([], image: image) { container in
            let inherited = try await docker([
                "inspect", "--format", "{{index .Config.Labels \"\(DockerLabel.cluster)\"}}", container,
            ])
            #expect(inherited == "\(cluster)", "the attack is not what it is meant to be")
            try await removeLeftovers(cluster)
            #expect(try await isThere(container))
            #expect(try await !backend.clusters(includingRemains: true).contains { $0.summary.id == cluster })
        }
        // An image of ours that is made of it hands no label on.
        try await withTemporaryFolder { folder in
            try "FROM \(image)\n".write(toFile: folder + "/Dockerfile", atomically: true, encoding: .utf8)
            let derived = try await DockerImages(engine: backend.engine).ensure(
                .dockerfile(folder + "/Dockerfile", context: folder), timeline: Timeline(Progress()))
            let labels = try await docker(["image", "inspect", "--format", "{{json .Config.Labels}}", derived])
            let values = try JSONDecoder().decode([String: String].self, from: Data(labels.utf8))
            for label in DockerLabel.allCases { #expect(values[label.rawValue] == "", "\(label)") }
            try await docker(["image", "rm", "--force", derived])
        }
        try await docker(["image", "rm", "--force", image])
    }

    @Test(arguments: ["x/../important", "../important", "0123456789/../important", "ABCDEF0123"])
    func aLabelOtherThanAnIDLeadsToNoFolder(label: String) async throws {
        try await withTemporaryFolder { folder in
            let important = try OwnFolder(folder).make("important")
            try important.write("x", to: "file")
            let path = "\(folder)/cf-\(label)"
            try await withContainer(labels(label, ["org.clusterfixture.folder": path])) { container in
                try await removeLeftovers(nil)
                #expect(try await isThere(container))
                #expect(try important.names() == ["file"])
            }
        }
    }

    @Test func aFolderIsNotBelievedBecauseAContainerShowsIt() async throws {
        try await withTemporaryFolder { folder in
            let id = ClusterID.random()
            // Named as a cluster's, with a node's folder in it, but without the mark.
            let important = try OwnFolder(folder).make(id.folderName)
            _ = try important.make("nodes").make("node1")
            try await withNetwork(DockerArguments.network(id), []) {
                let mount = "type=bind,source=\(important.path)/nodes/node1,target=/root/.cluster-fixture"
                let words = ["--name", "cf-\(id)-node1", "--network", DockerArguments.network(id), "--mount", mount]
                try await withContainer(words + labels("\(id)")) { container in
                    try await removeLeftovers(nil)
                    // By labels, name and network it is a dead owner's node; its folder is not.
                    #expect(try await !isThere(container))
                    #expect(try important.names() == ["nodes"])
                }
            }
        }
    }

    /// What makes a container look like a node, but for one thing.
    enum Flaw: Sendable, CaseIterable { case otherNetwork, otherName, otherUser, noCluster }

    @Test(arguments: Flaw.allCases) func aContainerThatOnlyLooksLikeANodeStays(flaw: Flaw) async throws {
        let id = ClusterID.random()
        let network = DockerArguments.network(id)
        try await withNetwork(network, []) {
            let name = flaw == .otherName ? "cf-\(id)-node1x" : "cf-\(id)-node1"
            let changes: [String: String] =
                switch flaw {
                case .otherUser: [DockerLabel.user.rawValue: "4294967294"]
                case .noCluster: [DockerLabel.cluster.rawValue: ""]
                default: [:]
                }
            let words = ["--name", name, "--network", flaw == .otherNetwork ? "bridge" : network]
            try await withContainer(words + labels("\(id)", changes)) { container in
                try await removeLeftovers(id)
                #expect(try await isThere(container))
            }
            // Nor is the network ours: it has no label.
            #expect(try await backend.engine.ask(["network", "inspect", network]).succeeded)
        }
    }

    @Test func aNetworkOfAnotherNameStays() async throws {
        let id = ClusterID.random()
        let name = "important-\(id)"
        try await withNetwork(name, labels("\(id)")) {
            try await removeLeftovers(id)
            #expect(try await backend.engine.ask(["network", "inspect", name]).succeeded)
        }
    }

    @Test(arguments: ["\n", "\t", "\",\"", "\\n"]) func aLabelCanNotPassForAnotherLine(separator: String) async throws {
        let (forged, bearer) = (ClusterID.random(), ClusterID.random())
        let line = DockerLabel.allCases.map { "\"\($0)\":\"\(forged)\"" }.joined(separator: separator)
        let text = "x\(separator){\"labels\":{\(line)},\"name\":\"cf-\(forged)-node1\"}\(separator)\(forged)"
        let network = DockerArguments.network(bearer)
        try await withNetwork(network, labels("\(bearer)", [DockerLabel.name.rawValue: text])) {
            let words = ["--name", "cf-\(bearer)-node1", "--network", network]
            try await withContainer(words + labels("\(bearer)", [DockerLabel.name.rawValue: text])) { _ in
                let found = try await backend.clusters(includingRemains: true).map(\.summary)
                #expect(!found.contains { $0.id == forged || $0.id == bearer })
                #expect(!found.contains { $0.name.contains("\(forged)") })
            }
        }
    }

    @Test(arguments: [true, false]) func theReaperAndAPersonTakeANodeThatWasNeverStarted(isTyped: Bool) async throws {
        let id = ClusterID.random()
        let network = DockerArguments.network(id)
        // Of a living owner, so that no sweep is quicker.
        let labels = labels("\(id)", [DockerLabel.owner.rawValue: ProcessIdentity.current.text])
        try await withNetwork(network, labels) {
            try await withContainer(["--name", "cf-\(id)-node1", "--network", network] + labels) { container in
                if isTyped {
                    let typed = try await Command("sh", ["-c", handle(id).removalCommand]).output()
                    #expect(typed.exitCode == 0, "\(typed.complaint)")
                } else {
                    try await reap(id)
                }
                #expect(try await !isThere(container))
                #expect(try await !backend.engine.ask(["network", "inspect", network]).succeeded)
            }
        }
    }

    @Test func aNodeThatWasTakenOffItsNetworkGoesWithItsCluster() async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 2, backend: .docker))
        let node = DockerArguments.container(cluster.clusterID, "node2")
        try await docker(["network", "disconnect", DockerArguments.network(cluster.clusterID), node])
        try await cluster.stop()
        #expect(try await !isThere(node))
    }
}
