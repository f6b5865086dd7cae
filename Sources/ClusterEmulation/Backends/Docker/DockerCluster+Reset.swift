extension DockerCluster: NodeResetting {
    /// A node that runs, on which little was changed, is made as new within its container. Of others the container is replaced by one of
    /// the same name, address and ports. The network stays.
    ///
    /// Folders that all nodes share are as new only if all nodes are: else another one uses them.
    package func reset(_ names: [String]) async throws {
        for name in names { _ = try index(of: name) }
        let recipe = try DockerRecipe(of: summary)
        let replaced = nodes.map(\.name).filter(names.contains)
        let stays = nodes.map(\.name).first { !names.contains($0) }
        // A node that was taken away would be missed, if this ended half-way.
        try await uncancelled {
            guard recipe.hasSharedFolders else {
                return try await together(replaced) { node in
                    let files = recipe.hasGivenFiles(node) ? folder(of: node) : nil
                    if recipe.isRenewable(node), await renew(node, files: files) { return }
                    try await remove([node])
                    try await run(node, recipe.words(for: node))
                }
            }
            try await remove(replaced)
            if let stays {
                return try await together(replaced) { node in
                    let words = try recipe.words(for: node, sharingWith: container(stays))
                    try await run(node, words)
                }
            }
            // The others take over what the first has made.
            for nodes in [replaced.prefix(1), replaced.dropFirst()] {
                try await together(nodes) { try await run($0, recipe.words(for: $0)) }
            }
        }
    }

    /// The folder with a node's files: ``DockerNodeFolder``.
    private func folder(of node: String) -> String { "\(summary.folder)/\(DockerNodeFolder.place)/\(node)" }

    func together(
        _ nodes: some Collection<String>, _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await body(node) } }
            for try await _ in group {}
        }
    }

    private func run(_ node: String, _ words: [String]) async throws {
        for step in DockerArguments.steps(words, container(node), files: folder(of: node)) {
            try await engine.change(step, node: node, else: "\(node) could not be made as new")
        }
    }

    func remove(_ nodes: [String]) async throws {
        do {
            try await engine.change(
                ["rm", "--force", "--volumes"] + nodes.map(container), node: nodes.count == 1 ? nodes.first : nil,
                else: "\(nodes.joined(separator: ", ")) could not be made as new")
        } catch {
            // Whatever else has removed it has done what was wanted.
            let left = try await engine.lines(
                ["ps", "--all", "--quiet"] + nodes.flatMap { ["--filter", "name=^/?\(container($0))$"] })
            if !left.isEmpty { throw error }
        }
    }
}
