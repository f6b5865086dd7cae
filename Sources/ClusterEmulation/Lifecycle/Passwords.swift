/// The passwords of a cluster's users.
enum Passwords {
    /// Gives all nodes' users their passwords, by the backend's own way: they are on no command line, in no image and no log.
    ///
    /// - Throws: ``ClusterError`` with the code `notReady` if a node has no `chpasswd`, or it fails.
    static func set(_ passwords: [User: String], on cluster: any BackendCluster) async throws {
        guard !passwords.isEmpty else { return }
        let lines = passwords.map { "\($0):\($1)\n" }.joined()
        let gate = Gate.programs()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in cluster.nodes {
                group.addTask {
                    try await gate.pass {
                        let output = try await cluster.execute(["chpasswd"], on: node.name, input: Array(lines.utf8))
                        guard output.succeeded else {
                            throw ClusterError(
                                .notReady, "\(node.name)'s users could not be given passwords: \(output.complaint)",
                                node: node.name, remedy: "Leave out `passwordLogins`, or use an image with chpasswd.")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
