extension DockerCluster {
    /// Makes a node as new within its container, which takes less time than another container: `docker/start-node` ends what runs there,
    /// and gives back what the image has.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - files: The folder with its files, if they are given to it anew before; nil if they are mounted.
    /// - Returns: Whether it is under way. If not, because more has changed than that, the node is good for nothing any more.
    func renew(_ node: String, files: String?) async -> Bool {
        let container = container(node)
        var steps: [[String]] = []
        if let files {
            let removal = ["find", DockerNodeFolder.target, "-mindepth", "1", "-delete"]
            steps = [DockerArguments.execute(removal, in: container), DockerArguments.give(files, to: container)]
        }
        steps.append(DockerArguments.execute(["/usr/local/sbin/start-node", "--renew"], in: container))
        for step in steps {
            guard let output = try? await engine.ask(step), output.succeeded else { return false }
        }
        return true
    }
}
