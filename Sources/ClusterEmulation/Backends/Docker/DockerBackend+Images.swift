import Foundation

extension DockerBackend: ImageKeeping {
    /// An engine takes away itself what a build leaves that was not finished, and tells only when an image was made.
    package func keptImages() async throws -> [KeptImage] {
        if engine.missingSocket != nil { return [] }
        let names = try await engine.ask([
            "image", "ls", "--filter", "reference=cluster-fixture/*", "--format", "{{.Repository}}:{{.Tag}}",
        ]).lines.sorted()
        guard !names.isEmpty else { return [] }
        // What somebody removes meanwhile is left out.
        let format =
            "{{.Size}}\t{{.Created}}\t{{index .Config.Labels \"\(DockerImages.makerLabel)\"}}\t{{range .RepoTags}}{{.}} {{end}}"
        let facts = try await engine.ask(["image", "inspect", "--format", format] + names).lines
        var kept: [KeptImage] = []
        for line in facts {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let size = Int(fields[0]),
                let name = names.first(where: fields[3].split(separator: " ").map(String.init).contains)
            else { continue }
            kept.append(
                KeptImage(
                    backend: self.name, name: name,
                    image: name.split(separator: "/").last?.split(separator: ":").first.map(String.init) ?? name,
                    size: size, used: Self.date(fields[1]), clusters: try await users(of: name),
                    isCurrent: fields[2] == BuildContext.own.fingerprint.text, isUnfinished: false))
        }
        return kept
    }

    /// Whatever container is made of it, ours or not, keeps an image.
    private func users(of image: String) async throws -> [String] {
        let names = try await engine.ask(["ps", "--all", "--filter", "ancestor=\(image)", "--format", "{{.Names}}"])
            .lines
        return Set(
            names.map { name in
                let parts = name.split(separator: "-")
                return parts.count == 3 ? ClusterID(parts[1]).map { "\($0)" } ?? name : name
            }
        ).sorted()
    }

    /// As RFC 3339 has it; Docker adds nine digits of a second.
    private static func date(_ text: String) -> Date {
        let seconds = text.prefix(19) + "Z"
        return (try? Date(String(seconds), strategy: .iso8601)) ?? .distantPast
    }

    package func removeSnapshot(_ name: String) async throws {
        if engine.missingSocket != nil { return }
        let tag = DockerImages.snapshotTag(name)
        guard try await DockerImages(engine: engine).identifier(of: tag) != nil else { return }
        try await engine.change(["image", "rm", tag], else: "\(tag) could not be removed")
    }

    package func remove(_ image: KeptImage) async throws {
        do {
            try await engine.change(["image", "rm", image.name], else: "\(image.name) could not be removed")
        } catch {
            // Somebody else may have removed it.
            guard try await DockerImages(engine: engine).identifier(of: image.name) == nil else { throw error }
        }
    }

    package func unfinishedImages() async throws -> [String] { [] }
    package func removeUnfinishedImages() async throws -> [String] { [] }
}
