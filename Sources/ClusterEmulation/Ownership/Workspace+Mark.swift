import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Workspace {
    /// The folder and its mark, if it is this user's alone and bears the mark of its cluster: only then anything in it is
    /// believed, and only then it is removed.
    package var opened: (folder: OwnFolder, mark: ClusterMark)? {
        guard let cluster, folder.hasPrefix("/"), let own = try? OwnFolder(folder),
            let text = try? own.read(Self.markFile),
            let mark = ClusterMark(text: String(decoding: text, as: UTF8.self)), mark.cluster == cluster
        else { return nil }
        return (own, mark)
    }

    /// The name of the backend that its cluster's nodes run on, by its mark.
    package var backend: String? { opened?.mark.backend }

    /// The file with the mark.
    package static let markFile = "owner"

    /// Marks the cluster as one that was kept on purpose.
    package func keep() throws { try OwnFolder(folder).write("", to: Self.keptFile) }

    /// Whether the cluster was kept on purpose.
    package var isKept: Bool { (try? opened?.folder.read(Self.keptFile)) != nil }

    private static let keptFile = "kept"

    /// Where this process makes the folders of its clusters.
    package static var place: String { (Workspace(cluster: .random()).folder as NSString).deletingLastPathComponent }

    /// The folders of this user's clusters in a place: those that bear their mark.
    static func all(in place: String) -> [Workspace] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.filter { ClusterID(folderName: $0) != nil }.sorted().map { Workspace(folder: "\(place)/\($0)") }
            .filter { $0.opened != nil }
    }

    /// Removes the folder, its mark at the end. Whatever else may be at its path is left alone.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed`.
    package func remove() throws {
        guard let (own, mark) = opened else { return removeUnmarked() }
        for _ in 0..<3 {
            try own.removeContents(but: Self.markFile)
            unlinkat(own.descriptor, Self.markFile, 0)
            if rmdir(folder) == 0 || errno == ENOENT { return }
            // A key was still in the making: without its mark, nobody would remove the folder any more.
            try? own.write(mark.text, to: Self.markFile)
        }
        throw ClusterError(
            .teardownFailed, "The folder \(folder) could not be removed: something goes on writing to it.")
    }

    /// Its maker may have died while it marked it: there is nothing else in it yet.
    private func removeUnmarked() {
        guard cluster != nil, let own = try? OwnFolder(folder) else { return }
        if (try? own.read(Self.markFile))?.isEmpty == true { unlinkat(own.descriptor, Self.markFile, 0) }
        rmdir(folder)
    }

    /// The command by which a person removes the folder: only if it bears its mark, and nothing beyond a link or a mount.
    package var removalCommand: String {
        let (path, mark) = (shellQuoted(folder), shellQuoted("\(folder)/\(Self.markFile)"))
        return "test -O \(path) && test ! -L \(path) && grep -qx \(cluster, default: "none") \(mark) "
            + "&& find \(path) -xdev -delete"
    }
}
