import Foundation

/// The images of an engine: found by what they are made of, and built or pulled when they are missing.
package struct DockerImages: Sendable {
    let engine: DockerEngine

    package init(engine: DockerEngine) { self.engine = engine }

    /// Returns the name under which the engine has the image.
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`, with the failing step's output if a build failed.
    package func ensure(_ image: NodeImage, timeline: Timeline) async throws -> String {
        try image.validate()
        var name = try await ensureSource(of: image, timeline)
        for addition in image.additions { name = try await add(addition, to: name, of: image, timeline) }
        return name
    }

    /// Returns the name under which the engine has the image of what shapes nodes' networks.
    ///
    /// - Throws: As ``ensure(_:timeline:)`` does.
    func ensureNetworkShaper(timeline: Timeline) async throws -> String {
        let below = try await ensure(.node, timeline: timeline)
        var fingerprint = BuildContext.network.fingerprint
        fingerprint.add((try await identifier(of: below) ?? below).utf8)
        return try await ensure(.node, tag: "cluster-fixture/network:\(fingerprint.text)") { tag in
            let folder = try BuildContext.network.unpack()
            try await build(
                "of what shapes networks", path: folder + "/Dockerfile", context: folder, target: nil,
                arguments: [ImageAddition.below: below], tag: tag, timeline: timeline)
        }
    }

    /// Refuses an image that an engine can't have.
    package static func check(_ image: NodeImage) throws {
        guard case .rootFileSystem = image.source else { return }
        throw ClusterError(
            .imageUnavailable, "The docker backend can't make nodes of the root file system \(image).",
            remedy: "Use the namespaces backend, or `docker import` it and build an image from it.")
    }

    /// What an engine calls the image that was made of a node.
    static func snapshotTag(_ name: String) -> String { name.replacing("snapshot-", with: "cluster-fixture/snapshot:") }

    private static func lostSnapshot(_ name: String) -> ClusterError {
        ClusterError(
            .imageUnavailable, "The engine has no image \(snapshotTag(name)), which was made of a node.",
            remedy: "Make it again: it was removed, or made on another engine or by another backend.")
    }

    /// Content alone tells which image is meant: what is below may bear the same name and be another one by now.
    private func add(
        _ addition: ImageAddition, to name: String, of image: NodeImage, _ timeline: Timeline
    ) async throws -> String {
        let context = try addition.context()
        var fingerprint = context.fingerprint
        fingerprint.add((try await identifier(of: name) ?? name).utf8)
        return try await ensure(image, tag: "cluster-fixture/addition:\(fingerprint.text)") { tag in
            let folder = try context.unpack()
            try await build(
                image, path: folder + "/Dockerfile", context: folder, target: nil,
                arguments: [ImageAddition.below: name], tag: tag, timeline: timeline)
        }
    }

    private func ensureSource(of image: NodeImage, _ timeline: Timeline) async throws -> String {
        try Self.check(image)
        switch image.source {
        case .named(let name):
            guard !name.isEmpty, !name.hasPrefix("-"), !name.contains(where: \.isWhitespace) else {
                throw ClusterError(
                    .invalidConfiguration, "\"\(ClusterConfiguration.printable(name))\" is not the name of an image.")
            }
            if try await identifier(of: name) == nil { try await pull(name, timeline: timeline) }
            return name
        case .rootFileSystem(let path): return path  // refused above
        case .snapshot(let name):
            let tag = Self.snapshotTag(name)
            guard try await identifier(of: tag) != nil else { throw Self.lostSnapshot(name) }
            return tag
        case .package(let target, let base):
            // One stage is for all that has a Python environment.
            let stage = target == "node" ? target : "dask"
            let arguments = (base.map { ["BASE_IMAGE": $0] } ?? [:])
                .merging(target == stage ? [:] : ["ENVIRONMENT": target]) { $1 }
            var fingerprint = BuildContext.own.fingerprint
            fingerprint.add(target, arguments)
            return try await ensure(image, tag: "cluster-fixture/\(target):\(fingerprint.text)") { tag in
                let context = try BuildContext.own.unpack()
                try await build(
                    image, path: context + "/docker/Dockerfile", context: context, target: stage,
                    arguments: arguments, tag: tag, timeline: timeline)
            }
        case .dockerfile(let path, let context, let target, let arguments):
            guard FileManager.default.fileExists(atPath: path) else {
                throw ClusterError(.imageUnavailable, "The image \(image) can't be built: there is no file \(path).")
            }
            let fingerprint: String
            do {
                fingerprint = try Fingerprint.of(
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
        if try await identifier(of: tag) != nil { return tag }
        try await Self.builds.once("\(engine) \(tag)") { try await build(tag) }
        return tag
    }

    /// Nil if the engine has no image of the name.
    func identifier(of name: String) async throws -> String? { try await inspect(name, "{{.Id}}") }

    /// What tells images apart on engines that keep them in different ways: one's identifier is that of the settings, the other's that of a
    /// list of platforms. Nil if the engine has no image of the name.
    func content(of name: String) async throws -> String? {
        let settings = ["Env", "User", "WorkingDir", "Entrypoint", "Cmd"].map { "{{json .Config.\($0)}}" }
        return try await inspect(name, (["{{json .RootFS.Layers}}"] + settings).joined(separator: " "))
    }

    private func inspect(_ name: String, _ format: String) async throws -> String? {
        let output = try await engine.ask(["image", "inspect", "--format", format, name])
        if output.succeeded { return output.lines.first }
        // Docker's words, and Podman's.
        if output.complains("no such image", "no such object", "image not known", "failed to find image") {
            return nil
        }
        throw ClusterError(
            .imageUnavailable,
            ClusterError.sentence(
                "The engine does not say whether it has the image \(name): \(DockerEngine.cause(output.complaint))"))
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
        _ image: some CustomStringConvertible & Sendable, path: String, context: String, target: String?,
        arguments: [String: String], tag: String,
        timeline: Timeline
    ) async throws {
        timeline.note(.work, "building the image \(image) as \(tag); this is done once")
        // A step that fails would leave its container behind.
        var words = ["build", "--force-rm", "--file", path, "--tag", tag]
        // An image that is made of a node, as `docker commit` does it, has the node's labels: no container of ours bears
        // them by inheritance.
        for label in DockerLabel.allCases { words += ["--label", "\(label.rawValue)="] }
        words += ["--label", "\(Self.makerLabel)=\(BuildContext.own.fingerprint.text)"]
        if let target { words += ["--target", target] }
        for (key, value) in arguments.sorted(by: { $0.key < $1.key }) { words += ["--build-arg", "\(key)=\(value)"] }
        var command = engine.command(words + [context])
        // A builder that somebody has chosen may leave what it builds in a place of its own.
        command.environment["BUILDX_BUILDER"] = ""
        let (code, log) = try await timeline.follow(command)
        guard code == 0 else {
            throw ClusterError.failedBuild(
                "The image \(image) could not be built by `\(command.line)`, exit code \(code)", log: log)
        }
        guard try await identifier(of: tag) != nil else {
            throw ClusterError(
                .imageUnavailable, "The image \(image) was built by `\(command.line)`, but the engine has not got it.",
                remedy: "Let `docker build` use the engine itself: `docker buildx use default`.")
        }
        timeline.note(.work, "built the image \(image)")
    }

    private static let builds = OnceEach<Void>()

    /// What this version of the package makes images of, as a fingerprint. It tells which images are another version's.
    static let makerLabel = "org.clusterfixture.maker"
}
