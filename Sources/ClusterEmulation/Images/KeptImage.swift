package import Foundation

/// What nodes are made of, as a backend keeps it: an image of an engine, a root file system or a layer in the user's cache.
package struct KeptImage: Sendable, Encodable {
    /// The backend that keeps it.
    package let backend: String
    /// What the backend calls it.
    package let name: String
    /// What it is, for people.
    package let image: String
    /// In bytes.
    package let size: Int
    /// When it was last used, or made, where the backend knows no more.
    package let used: Date
    /// The ids of the clusters that run on it.
    package let clusters: [String]
    /// Whether this version of the package makes it, or uses it.
    package let isCurrent: Bool
    /// Whether whoever was making it has died.
    package let isUnfinished: Bool

    /// Whether nothing is lost without it: nothing runs on it, and it was left unfinished, or is another version's, or was
    /// not used since a day.
    package func isDispensable(unusedSince day: Date) -> Bool {
        clusters.isEmpty && (isUnfinished || !isCurrent || used < day)
    }
}

/// Backends that keep what nodes are made of.
package protocol ImageKeeping: Backend {
    /// All that is kept, sorted by name.
    func keptImages() async throws -> [KeptImage]

    /// Removes one.
    ///
    /// - Throws: ``ClusterError`` if something runs on it, or it can't be removed.
    func remove(_ image: KeptImage) async throws

    /// Removes an image that was made of a node, if it has that.
    func removeSnapshot(_ name: String) async throws

    /// The names of what somebody was making who has died.
    func unfinishedImages() async throws -> [String]

    /// Removes what somebody was making who has died.
    ///
    /// - Returns: The names of what was removed.
    func removeUnfinishedImages() async throws -> [String]
}

/// What is kept on all backends.
package enum KeptImages {
    /// All, in the order of the backends. A backend that can't be asked has none.
    package static func all() async -> [KeptImage] {
        var images: [KeptImage] = []
        for backend in keepers { images += (try? await backend.keptImages()) ?? [] }
        return images
    }

    /// Removes what nothing is lost without.
    ///
    /// - Parameter days: After how many days without use an image is one of those.
    /// - Returns: The names of what was removed.
    /// - Throws: ``ClusterError``.
    package static func prune(unusedFor days: Int) async throws -> [String] {
        let day = Date(timeIntervalSinceNow: -86400 * Double(days))
        var removed: [String] = []
        for backend in keepers {
            for image in (try? await backend.keptImages()) ?? [] where image.isDispensable(unusedSince: day) {
                try await backend.remove(image)
                removed.append(image.name)
            }
        }
        return removed
    }

    /// Removes all of a name.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if there is none; or if a cluster runs on it.
    package static func remove(_ name: String) async throws {
        var names: [String] = []
        var isFound = false
        for backend in keepers {
            let kept = (try? await backend.keptImages()) ?? []
            names += kept.map(\.name)
            for image in kept where image.name == name {
                isFound = true
                try await backend.remove(image)
            }
        }
        if isFound { return }
        throw ClusterError(
            .invalidConfiguration, "There is no image \"\(ClusterConfiguration.printable(name))\".",
            remedy: ClusterCatalog.nearest(to: name, among: names).map { "Did you mean \($0)?" }
                ?? "`cluster-fixture images` shows what there is.")
    }

    /// The names of what somebody was making who has died.
    package static func unfinished() async -> [String] {
        var names: [String] = []
        for backend in keepers { names += (try? await backend.unfinishedImages()) ?? [] }
        return names
    }

    /// Removes what somebody was making who has died.
    package static func removeUnfinished() async throws -> [String] {
        var names: [String] = []
        for backend in keepers { names += try await backend.removeUnfinishedImages() }
        return names
    }

    /// Removes an image that was made of a node.
    package static func removeSnapshot(_ name: String) async throws {
        for backend in keepers { try await backend.removeSnapshot(name) }
    }

    private static var keepers: [any ImageKeeping] { BackendChoice.all.compactMap { $0 as? any ImageKeeping } }
}
