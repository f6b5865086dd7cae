#if os(Linux)
import Foundation
import Glibc

/// What a node's root is made of: a root file system, and layers over it, the uppermost first.
package struct LayeredImage: Sendable {
    /// The folder of the root file system at the bottom.
    package let root: String
    package let layers: [String]

    package init(root: String, layers: [String] = []) {
        self.root = root
        self.layers = layers
    }

    /// The same with one more layer on top.
    package func adding(_ layer: String) -> LayeredImage { LayeredImage(root: root, layers: [layer] + layers) }

    /// All of them, the uppermost first.
    package var folders: [String] { layers + [root] }

    /// Where a layer lists the folders of `/run` that it and those below it made. A node starts with an empty `/run`, as any machine does,
    /// and there is no systemd to make anew what packages expect there (tmpfiles.d(5)).
    static let runFolders = "/opt/cluster-fixture/run"

    /// The folders of `/run` that the image's packages made.
    func entriesOfRun() -> [RootEntry] {
        guard let list = layers.lazy.compactMap({ LayerFile(Self.runFolders, in: $0).text }).first else { return [] }
        return list.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count == 4, words[3].hasPrefix("/run/"), let mode = UInt32(words[0], radix: 8),
                let owner = UInt32(words[1]), let group = UInt32(words[2])
            else { return nil }
            return RootEntry(path: String(words[3]), mode: mode, owner: owner, group: group)
        }
    }

    package typealias Account = (user: UInt32, group: UInt32, home: String)

    /// The user `ubuntu` of the image.
    package func ubuntu() throws -> Account {
        if let account = account("ubuntu") { return account }
        throw ClusterError(.imageUnavailable, "The image has no user ubuntu with a home of a plain path.")
    }

    /// A user of the image, whose home is a plain path.
    func account(_ name: String) -> Account? {
        // The uppermost layer that has the file has all of it.
        let accounts = folders.lazy.map { LayerFile("/etc/passwd", in: $0) }.first { !$0.isAbsent }?.text ?? ""
        for line in accounts.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 7, fields[0] == name, let user = UInt32(fields[2]), let group = UInt32(fields[3])
            else { continue }
            return Self.isPlain(fields[5]) ? (user, group, String(fields[5])) : nil
        }
        return nil
    }

    /// Whether a path is absolute, and has no part that leads up, or nowhere.
    private static func isPlain(_ path: Substring) -> Bool {
        path.hasPrefix("/")
            && path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !["", ".", ".."].contains($0)
            }
    }

    /// The places among ``folders`` of those that have a folder at a path, down to one that has something else there.
    func places(of path: String) -> [Int] {
        var places: [Int] = []
        for (index, folder) in folders.enumerated() {
            var (place, kind) = (folder, S_IFDIR)
            for part in path.split(separator: "/") where kind == S_IFDIR {
                place += "/" + part
                var status = stat()
                // What isn't there hides nothing.
                kind = lstat(place, &status) == 0 ? status.st_mode & S_IFMT : 0
            }
            if kind == S_IFDIR { places.append(index) } else if kind != 0 { break }
        }
        return places
    }
}
#endif
