import Foundation

/// The images of an engine: found by what they are made of, and built or pulled when they are missing.
package struct DockerImages: Sendable {
    let engine: DockerEngine

    package init(engine: DockerEngine) { self.engine = engine }

    /// Returns the name under which the engine has the image.
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`, with the failing step's output if a build failed.
    package func ensure(_ image: NodeImage, timeline: Timeline) async throws -> String {
        switch image.source {
        case .named(let name):
            guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: \.isWhitespace) else {
                throw ClusterError(
                    .invalidConfiguration, "\"\(ClusterConfiguration.printable(name))\" is no name of an image.")
            }
            if try await !exists(name) { try await pull(name, timeline: timeline) }
            return name
        case .rootFileSystem:
            throw ClusterError(
                .imageUnavailable, "The docker backend can't make nodes of the root file system \(image).",
                remedy: "Use the namespaces backend, or `docker import` it and build an image from it.")
        case .package(let target, let base):
            let arguments = base.map { ["BASE_IMAGE": $0] } ?? [:]
            var fingerprint = BuildContext.own.fingerprint
            fingerprint.add(target, arguments)
            return try await ensure(image, tag: "cluster-fixture/\(target):\(fingerprint.text)") { tag in
                let context = try BuildContext.own.unpack()
                try await build(
                    image, path: context + "/docker/Dockerfile", context: context, target: target,
                    arguments: arguments, tag: tag, timeline: timeline)
            }
        case .dockerfile(let path, let context, let target, let arguments):
            guard FileManager.default.fileExists(atPath: path) else {
                throw ClusterError(.imageUnavailable, "The image \(image) can't be built: there is no file \(path).")
            }
            let fingerprint: String
            do {
                fingerprint = try ImageFingerprint.of(
                    dockerfile: path, context: context, target: target, arguments: arguments)
            } catch {
                throw ClusterError(.imageUnavailable, "What the image \(image) is made of could not be read: \(error).")
            }
            return try await ensure(image, tag: "cluster-fixture/\(target ?? "image"):\(fingerprint)") { tag in
                try await build(
                    image, path: path, context: context, target: target, arguments: arguments, tag: tag,
                    timeline: timeline)
            }
        }
    }

    private func ensure(
        _ image: NodeImage, tag: String, build: @escaping @Sendable (String) async throws -> Void
    ) async throws -> String {
        if try await exists(tag) { return tag }
        try await Self.builds.once("\(engine) \(tag)") { try await build(tag) }
        return tag
    }

    private func exists(_ name: String) async throws -> Bool {
        try await engine.ask(["image", "inspect", "--format", "{{.Id}}", name]).succeeded
    }

    private func pull(_ name: String, timeline: Timeline) async throws {
        timeline.note(.work, "pulling the image \(name)")
        let output = try await engine.ask(["pull", "--quiet", name], within: .seconds(900))
        guard output.succeeded else {
            throw ClusterError(
                .imageUnavailable,
                "The image \(name) is not on the engine and could not be pulled: \(DockerEngine.cause(output.complaint))",
                remedy: "Build it, or correct its name.")
        }
    }

    private func build(
        _ image: NodeImage, path: String, context: String, target: String?, arguments: [String: String], tag: String,
        timeline: Timeline
    ) async throws {
        timeline.note(.work, "building the image \(image) as \(tag); this is done once")
        // A step that fails would leave its container behind.
        var words = ["build", "--force-rm", "--file", path, "--tag", tag]
        // An image that is made of a node, as `docker commit` does it, has the node's labels: no container of ours bears
        // them by inheritance.
        for label in DockerLabel.allCases { words += ["--label", "\(label.rawValue)="] }
        if let target { words += ["--target", target] }
        for (key, value) in arguments.sorted(by: { $0.key < $1.key }) { words += ["--build-arg", "\(key)=\(value)"] }
        let command = engine.command(words + [context])
        let (code, log) = try await timeline.follow(command)
        guard code == 0 else {
            throw ClusterError(
                .imageUnavailable,
                "The image \(image) could not be built: `\(command.line)` ended with exit code \(code).",
                log: log,
                remedy: "Mend the failing step, shown below, and run again.")
        }
        timeline.note(.work, "built the image \(image)")
    }

    private static let builds = OnceEach()
}
