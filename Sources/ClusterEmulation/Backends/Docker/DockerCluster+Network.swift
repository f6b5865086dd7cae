/// Engines on other machines, and kernels that this one is not, are shaped from a container beside each node that it is about, in the node's
/// own network. It stays, and does nothing, when the network is healthy again, and goes with the cluster.
extension DockerCluster: NetworkShaping {
    package func apply(_ conditions: NetworkConditions) async throws {
        let (records, starts) = (try await engine.records(.containers, of: summary.id), try await starts())
        if records.isEmpty { throw lost }
        let seed = conditions.seed ?? .random(in: 0 ... .max)
        let wanted = nodes.map(\.name).filter { starts[$0] != nil }.map { node in
            let paths = paths(of: node, conditions, seed: seed)
            return (node, paths, rules(node, conditions, paths))
        }
        try ImpairedDirection.check(wanted.flatMap { $0.1.map(\.direction) })
        let healthy = rules("", .healthy, [])
        let there = Dictionary(records.map { ($0.node, $0) }) { first, _ in first }
        // What is beside a node that was started again is in a network that is gone.
        func isBeside(_ node: String) -> Bool {
            there[DockerArguments.beside(node)].map { $0.start == starts[node] } ?? false
        }
        let concerned = wanted.filter { $0.2 != healthy || isBeside($0.0) }
        let missing = concerned.map(\.0).filter { !isBeside($0) }
        if !missing.isEmpty {
            let image = try await DockerImages(engine: engine).ensureNetworkShaper(timeline: Timeline(Progress()))
            try await each(missing) { node in
                if let old = there[DockerArguments.beside(node)] {
                    try await engine.change(
                        ["rm", "--force", old.id], node: node, else: "\(node)'s network could not be shaped")
                }
                let folder = engine.machine == nil ? try folder(beside: node) : nil
                let words = DockerArguments.runBeside(
                    node, summary, image: image, start: starts[node] ?? "", files: folder, machine: engine.machine)
                do {
                    try await engine.change(words, node: node, else: "\(node)'s network could not be shaped")
                } catch {
                    guard try await self.starts()[node] != starts[node] else { throw error }
                }
            }
        }
        try await each(concerned) { node, paths, rules in
            do {
                try await shape(node, ImpairedDirection.wireText(paths.map(\.direction)) + "\n" + rules)
            } catch {
                // A node that has ended meanwhile has no network. When it is started again, it gets what is in force then.
                guard try await self.starts()[node] != starts[node] else { throw error }
            }
        }
    }

    private func each<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for element in elements { group.addTask { try await body(element) } }
            try await group.waitForAll()
        }
    }

    private func shape(_ node: String, _ text: String) async throws {
        let words = ["exec", "--interactive", container(DockerArguments.beside(node)), "shape-network", "apply"]
        let output = try await ProgramPipes.collect(input: Array(text.utf8)) {
            try await engine.command(words).run(streams: $0)
        }
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed,
                ClusterError.sentence(
                    "The network of \(node) could not be changed: \(ClusterError.lastLines(output.complaint, 3))"),
                node: node, remedy: "The engine's kernel must be Linux 5.19 or later, with nftables.")
        }
        let missed = output.lines.compactMap { Int($0) }.reduce(0, +)
        if missed > 0 { Progress.say(ImpairedDirection.missed(missed, of: summary.name)) }
    }
}

extension DockerCluster {
    /// When each node that is running was started.
    ///
    /// - Throws: ``ClusterError`` if the engine does not say it.
    private func starts() async throws -> [String: String] {
        let format = "{{.Name}} {{.State.Running}} {{.State.StartedAt}}"
        let names = Dictionary(uniqueKeysWithValues: nodes.map { (container($0.name), $0.name) })
        let told = try await engine.ask(["inspect", "--type", "container", "--format", format] + names.keys)
        // Of nodes that are gone it complains, beside what it says of the others.
        guard told.succeeded || !told.lines.isEmpty || told.complains("no such container") else {
            throw ClusterError(
                .provisioningFailed,
                ClusterError.sentence(
                    "The engine did not say which nodes of \(summary.name) run: \(DockerEngine.cause(told.complaint))"))
        }
        return told.lines.reduce(into: [:]) { starts, line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, words[1] == "true", let name = names[String(words[0].drop { $0 == "/" })] else {
                return
            }
            starts[name] = words[2]
        }
    }

    /// A folder of the cluster's, by which a container beside a node is known to be ours.
    private func folder(beside node: String) throws -> String {
        guard let folder = summary.workspace.opened?.folder else { throw lost }
        return try OwnFolder.ensured("\(folder.path)/\(DockerNodeFolder.place)/\(DockerArguments.beside(node))").path
    }

    private func addresses(_ place: NetworkConditions.Place) -> [String] {
        switch place {
        case .machine: hostIP.map { [$0] } ?? []
        case .outside: []
        case .node(let name):
            nodes.first { $0.name == name }.map { [$0.ip, $0.secondIP, $0.ipv6].compactMap(\.self) } ?? []
        }
    }

    private func rules(_ node: String, _ conditions: NetworkConditions, _ paths: [NodePath]) -> String {
        PacketFilter.nodeFaults(
            node, conditions, paths, addresses: addresses,
            all: nodes.flatMap { addresses(.node($0.name)) } + addresses(.machine))
    }

    /// What a node's own network does to what it sends, and to what comes from who is not a node.
    private func paths(of node: String, _ conditions: NetworkConditions, seed: UInt64) -> [NodePath] {
        func number(_ place: NetworkConditions.Place) -> Int {
            switch place {
            case .machine: 0
            case .outside: 4095
            case .node(let name): 1 + (nodes.firstIndex { $0.name == name } ?? -1)
            }
        }
        let here = NetworkConditions.Place.node(node)
        return conditions.impaired.compactMap { source, target, link in
            let isIncoming = target == here && (source == .machine || source == .outside)
            guard source == here || isIncoming else { return nil }
            let direction = ImpairedDirection(
                from: number(source), to: number(target), in: 0,
                interfaces: isIncoming ? ("eth0", "wire1") : ("wire1", "eth0"), link, seed: seed)
            return NodePath(direction: direction, peer: isIncoming ? source : target, isIncoming: isIncoming)
        }
    }
}

extension DockerArguments {
    /// Starts a container beside a node, in its network. It shows a folder of the cluster's, unless the engine is on another machine.
    static func runBeside(
        _ node: String, _ cluster: ClusterSummary, image: String, start: String, files: String?, machine: String?
    ) -> [String] {
        let name = beside(node)
        var arguments = ["run", "--detach", "--name", container(cluster.id, name)]
        arguments += ["--network", "container:\(container(cluster.id, node))"]
        arguments += ["--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--read-only"]
        arguments += ["--security-opt", "no-new-privileges", "--log-driver", "json-file", "--log-opt", "max-size=1m"]
        arguments += labels(cluster, [(.node, name), (.start, start)] + (machine.map { [(.machine, $0)] } ?? []))
        arguments += files.map { ["--mount", "type=bind,source=\($0),target=/mnt,readonly"] } ?? []
        return arguments + [image]
    }
}
