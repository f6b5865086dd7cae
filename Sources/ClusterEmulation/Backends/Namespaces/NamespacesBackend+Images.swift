#if os(Linux)
import Foundation
import Glibc

extension NamespacesBackend: ImageKeeping {
    package func keptImages() async throws -> [KeptImage] {
        let cache = images.cache
        let uses = try Self.uses()
        var kept: [KeptImage] = []
        for name in try cache.names() {
            let isUnfinished = cache.isUnfinished(name)
            // Somebody is making it at this moment.
            if isUnfinished, try !cache.isAbandoned(name) { continue }
            let known = cache.note(of: name)
            kept.append(
                KeptImage(
                    backend: self.name, name: name, image: known?.note.image ?? String(name.prefix { $0 != "-" }),
                    size: try await cache.size(of: name), used: known?.used ?? cache.made(name),
                    clusters: FileIdentity("\(cache.folder)/\(name)").flatMap { uses[$0] } ?? [],
                    isCurrent: known?.note.maker == BuildContext.own.fingerprint.text, isUnfinished: isUnfinished))
        }
        return kept
    }

    package func remove(_ image: KeptImage) async throws { try await remove(image.name) }

    private func remove(_ name: String) async throws {
        let folder = FileIdentity("\(images.cache.folder)/\(name)")
        if let folder, let cluster = try Self.uses()[folder]?.first {
            throw ClusterError(
                .imageUnavailable, "\(name) was not removed: cluster \(cluster) runs on it.",
                remedy: "Remove the cluster first: `cluster-fixture down \(cluster)`.")
        }
        try await images.cache.remove(name)
    }

    package func removeSnapshot(_ name: String) async throws {
        if try images.cache.names().contains(name) { try await remove(name) }
    }

    package func unfinishedImages() async throws -> [String] {
        let cache = images.cache
        return try cache.names().filter { try cache.isUnfinished($0) && cache.isAbandoned($0) }
    }

    package func removeUnfinishedImages() async throws -> [String] {
        let names = try await unfinishedImages()
        for name in names { try await images.cache.remove(name) }
        return names
    }

    /// Which clusters run on which folders: their lifelines stand where these are mounted, as `l0` and so on.
    private static func uses() throws -> [FileIdentity: [String]] {
        var uses: [FileIdentity: [String]] = [:]
        for lifeline in try Lifeline.all() {
            for layer in 0... {
                guard let folder = FileIdentity("/proc/\(lifeline.process.processID)/cwd/l\(layer)") else { break }
                uses[folder, default: []].append("\(lifeline.summary.id)")
            }
        }
        return uses
    }
}

/// What a file or folder is, whatever its path.
private struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
#endif
