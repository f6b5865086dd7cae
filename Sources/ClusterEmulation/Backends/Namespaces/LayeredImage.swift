#if os(Linux)
import Foundation

/// What a node's root is made of: the folders of a root file system, and layers over them, the uppermost first.
///
/// Of this machine's own root only the system's folders are taken: no homes, no temporary files, no sockets. (One overlay
/// over `/` would be simpler, but overlayfs refuses a layer that lies below another one, as one in a cache folder does.)
package struct LayeredImage: Sendable {
    /// The root file system at the bottom; `/` is this machine's own.
    package let root: String
    package let layers: [String]

    package init(root: String = "/", layers: [String] = []) {
        self.root = root
        self.layers = layers
    }

    /// The same with one more layer on top.
    package func adding(_ layer: String) -> LayeredImage { LayeredImage(root: root, layers: [layer] + layers) }

    private var isThisMachine: Bool { root == "/" }

    private static let systemFolders = [
        "usr", "etc", "var", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32",
    ]

    /// What no node takes over: each has its own.
    private static let ownFolders: Set = ["proc", "sys", "dev", "run", "tmp", "lost+found"]

    /// The entries of the root that nodes take over.
    private var names: [String] {
        if isThisMachine { return Self.systemFolders }
        let all = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return all.filter { !Self.ownFolders.contains($0) && !$0.contains(where: { ",:\\".contains($0) }) }.sorted()
    }

    /// The folders, with the places that overlayfs is to find them in.
    package var overlays: [(folder: String, lower: String)] {
        names.filter { link($0) == nil && Self.isFolder(path($0)) }.map { folder in
            (folder, (layers.map { "\($0)/\(folder)" }.filter(Self.isFolder) + [path(folder)]).joined(separator: ":"))
        }
    }

    /// The links, such as `bin` to `usr/bin`.
    package var links: [(link: String, target: String)] {
        names.compactMap { name in link(name).map { (name, $0) } }
    }

    /// What of the root is its machine's own business, or an engine's.
    package var hidden: [String] {
        guard isThisMachine else { return [] }
        return [
            "var/tmp", "var/log", "var/spool", "var/mail", "var/lib/docker", "var/lib/containerd", "var/lib/containers",
        ]
    }

    private func path(_ name: String) -> String { isThisMachine ? "/" + name : root + "/" + name }

    private func link(_ name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path(name))
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    package typealias Account = (user: UInt32, group: UInt32, home: String)

    /// The user `ubuntu` of the image.
    package func ubuntu() throws -> Account {
        for folder in layers {
            guard let accounts = try? String(contentsOfFile: folder + "/etc/passwd", encoding: .utf8) else { continue }
            for line in accounts.split(separator: "\n") {
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                guard fields.count == 7, fields[0] == "ubuntu", let user = UInt32(fields[2]),
                    let group = UInt32(fields[3])
                else { continue }
                return (user, group, String(fields[5]))
            }
            break
        }
        throw ClusterError(.imageUnavailable, "The image has no user ubuntu.")
    }
}
#endif
