import Foundation

/// A container or a network of a cluster of this user's, as the engine tells of it.
///
/// Labels are anybody's: `docker commit` gives a node's to an image, and the image to every container that is made of it.
/// So a label is where a look begins. The name must be the one that the cluster's id and the node's name give; and a
/// container must be on the cluster's network, or show a folder that bears the cluster's mark, if it was taken off it.
package struct DockerRecord: Sendable, Hashable {
    /// The engine's own name for it.
    package let id: String
    package let cluster: ClusterID
    /// What its label says is its name: a node's, that of what is beside a node, or none.
    let node: String
    /// Of what is beside a node: when that node was started.
    let start: String
    /// How a container is, as the engine has told last.
    let state: ContainerState
    /// The machine of a Swarm that it is on; empty for what an engine has by itself.
    let machine: String
    private let clusterName: String
    private let owner: ProcessIdentity?
    /// The cluster's folder, if what the container shows is one.
    private let workspace: Workspace?

    /// Whether a line of the engine's answer is one that tells of something, ours or not.
    static func isReadable(_ json: String) -> Bool { facts(json) != nil }

    private static func facts(_ json: String) -> Facts? {
        try? JSONDecoder().decode(Facts.self, from: Data(json.utf8))
    }

    /// Reads a line of the engine's answer; nil if it is not ours.
    package init?(_ kind: Kind, json: String) {
        guard let facts = Self.facts(json), let cluster = ClusterID(facts[.cluster]),
            ClusterConfiguration.isValidName(facts[.name])
        else { return nil }
        self.id = facts.id
        self.cluster = cluster
        node = facts[.node]
        start = facts[.start]
        state = ContainerState(facts.state, facts.status)
        machine = facts[.machine]
        clusterName = facts[.name]
        owner = ProcessIdentity(text: facts[.owner])
        let network = DockerArguments.network(cluster)
        switch kind {
        case .networks:
            guard facts.name == network else { return nil }
            workspace = nil
        case .containers:
            let node = facts[.node]
            // Podman gives the bare name, Docker's `inspect` one with a slash.
            guard facts.name.drop(while: { $0 == "/" }) == DockerArguments.container(cluster, node) else { return nil }
            workspace =
                machine.isEmpty
                ? Self.words(facts.mounts).compactMap { Self.workspace($0, cluster, node) }.first
                : Self.workspace(named: facts[.folder], cluster)
            // On a Swarm's machine, what is beside a node is in its network and shows no folder.
            let isBeside = !machine.isEmpty && node.contains(".")
            guard Self.words(facts.networks).contains(network) || workspace != nil || isBeside else { return nil }
        }
    }

    /// Whether it is a node, and not beside one.
    var isNode: Bool { !node.contains(".") }

    /// The cluster's folder, above the one with a node's files, if it is this user's and marked.
    private static func workspace(_ source: String, _ cluster: ClusterID, _ node: String) -> Workspace? {
        let place = "/\(DockerNodeFolder.place)/\(node)"
        guard source.hasSuffix("/\(cluster.folderName)\(place)") else { return nil }
        let workspace = Workspace(folder: String(source.dropLast(place.count)))
        return workspace.opened == nil ? nil : workspace
    }

    /// The folder that a label names, if it is this user's, and marked as the cluster's.
    private static func workspace(named folder: String, _ cluster: ClusterID) -> Workspace? {
        let workspace = Workspace(folder: folder)
        return workspace.opened?.mark.cluster == cluster ? workspace : nil
    }

    /// One cluster, by all that there is of it. What its folder says goes before what labels say.
    static func summary(_ records: [DockerRecord]) -> ClusterSummary? {
        guard let first = records.first else { return nil }
        let workspace = records.lazy.compactMap(\.workspace).first ?? Workspace(cluster: first.cluster)
        return ClusterSummary(
            id: first.cluster, name: first.clusterName,
            backend: first.machine.isEmpty ? DockerBackend.identifier : SwarmBackend.identifier,
            owner: workspace.opened?.mark.owner ?? first.owner,
            workspace: workspace)
    }

    private static func words(_ lists: [String]) -> [String] {
        lists.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    }
}

extension DockerRecord {
    /// What there is of a cluster.
    package enum Kind: Sendable { case containers, networks }

    /// How the engine sees a container.
    struct ContainerState: Sendable, Hashable {
        let node: NodeState
        /// It runs, and is frozen.
        let isPaused: Bool

        init(_ node: NodeState, isPaused: Bool) { (self.node, self.isPaused) = (node, isPaused) }

        /// - Parameters:
        ///   - state: A word such as `running`.
        ///   - status: What is said to people, such as `Exited (137) 2 seconds ago`.
        fileprivate init(_ state: String, _ status: String) {
            let code = status.firstMatch(of: /^Exited \((-?\d+)\)/).flatMap { Int($0.1) }
            isPaused = state == "paused"
            node = isPaused || state == "running" ? .running : .exited(code: code ?? 0)
        }
    }

    /// A line of an answer. A list is one of lists with commas.
    private struct Facts: Decodable {
        let id: String
        let labels: [String: String]
        let name: String
        let networks: [String]
        let mounts: [String]
        let state: String
        let status: String

        subscript(_ label: DockerLabel) -> String { labels[label.rawValue] ?? "" }
    }
}

extension DockerRecord.Kind {
    /// Asks for all in one question, a line for each.
    package func list(_ cluster: ClusterID?) -> [String] {
        let label = { (label: DockerLabel) in ".Label \"\(label)\"" }
        switch self {
        case .containers:
            return ["ps", "--all", "--no-trunc"] + DockerArguments.labelled(cluster)
                + [
                    "--format",
                    // Engines answer this without a look at the containers, which may be busy: `inspect` waits for one whose `exec` was
                    // frozen half-way, and nobody could thaw it then.
                    Self.line(
                        label, name: ".Names", networks: "{{json .Networks}}", mounts: "{{json .Mounts}}",
                        state: "{{json .State}}", status: "{{json .Status}}"),
                ]
        case .networks:
            return ["network", "ls", "--no-trunc"] + DockerArguments.labelled(cluster)
                + ["--format", Self.line(label, name: ".Name")]
        }
    }

    /// Asks for the engine's own names alone.
    func listIDs(_ cluster: ClusterID?) -> [String] {
        (self == .containers ? ["ps", "--all", "--quiet"] : ["network", "ls", "--quiet"])
            + DockerArguments.labelled(cluster)
    }

    /// Asks about some of them, a line for each that is as one of ``list(_:)``.
    func inspect(_ ids: [String]) -> [String] {
        switch self {
        case .containers:
            let format = Self.line(
                { "index .Config.Labels \"\($0)\"" }, name: ".Name",
                networks: #"{{range $name, $_ := .NetworkSettings.Networks}}{{json $name}},{{end}}"""#,
                mounts: #"{{range .Mounts}}{{json .Source}},{{end}}"""#, state: "{{json .State.Status}}",
                status: #""Exited ({{.State.ExitCode}})""#)
            return ["inspect", "--type", "container", "--format", format] + ids
        case .networks:
            return ["network", "inspect", "--format", Self.line({ "index .Labels \"\($0)\"" }, name: ".Name")] + ids
        }
    }

    /// Every value is written as JSON, so that no label, whatever is in it, can pass for another value or another line.
    private static func line(
        _ value: (DockerLabel) -> String, name: String, networks: String = "", mounts: String = "",
        state: String = "\"\"", status: String = "\"\""
    ) -> String {
        let labels = DockerLabel.allCases.map { #""\#($0)":{{json (\#(value($0)))}}"# }.joined(separator: ",")
        return #"{"id":{{json .ID}},"labels":{\#(labels)},"name":{{json \#(name)}},"#
            + #""networks":[\#(networks)],"mounts":[\#(mounts)],"state":\#(state),"status":\#(status)}"#
    }
}

extension DockerEngine {
    /// What the engine has of a cluster, or of all clusters of this user.
    func records(_ kind: DockerRecord.Kind, of cluster: ClusterID? = nil) async throws -> [DockerRecord] {
        let answer = try await ask(kind.list(cluster))
        // Podman words labels or mounts in its own way there, and is asked about each.
        let isReadable = answer.succeeded && answer.lines.allSatisfy(DockerRecord.isReadable)
        let told = isReadable ? answer.lines : try await inspected(kind, cluster)
        return told.compactMap { DockerRecord(kind, json: $0) }.filter {
            (cluster == nil || $0.cluster == cluster) && $0.machine.isEmpty == (machine == nil)
        }
    }

    private func inspected(_ kind: DockerRecord.Kind, _ cluster: ClusterID?) async throws -> [String] {
        let ids = try await lines(kind.listIDs(cluster))
        // What vanishes between the two questions makes the second one fail. It is not a cluster any more; the others are still told.
        return ids.isEmpty ? [] : try await ask(kind.inspect(ids)).lines
    }
}
