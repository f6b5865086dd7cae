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
                    clusters: uses[name] ?? [],
                    isCurrent: known?.note.maker == BuildContext.own.fingerprint.text, isUnfinished: isUnfinished))
        }
        return kept
    }

    package func remove(_ image: KeptImage) async throws {
        if let cluster = try Self.uses()[image.name]?.first {
            throw ClusterError(
                .imageUnavailable, "\(image.name) stays: cluster \(cluster) runs on it.",
                remedy: "Remove the cluster first: `cluster-fixture down \(cluster)`.")
        }
        try await images.cache.remove(image.name)
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

    /// Which clusters run on a folder of the cache, by its name: their lifelines have it mounted.
    private static func uses() throws -> [String: [String]] {
        var uses: [String: [String]] = [:]
        for lifeline in try Lifeline.all() {
            let process = lifeline.process.processID
            let mounts = (try? String(contentsOfFile: "/proc/\(process)/mountinfo", encoding: .utf8)) ?? ""
            // The fourth field is the place within its file system (proc(5)).
            let places = mounts.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst(3).first }
            for name in Set(places.compactMap { $0.split(separator: "/").last.map(String.init) }) {
                uses[name, default: []].append("\(lifeline.summary.id)")
            }
        }
        return uses
    }
}
#endif
