#if os(Linux)
import Foundation

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
