#if os(Linux)
import Foundation
import Glibc

/// An entry of a node's root: a file, or a folder if there is no text.
struct RootEntry: Sendable {
    var path: String
    var text: String?
    var mode: UInt32
    var owner: UInt32 = 0
    var group: UInt32 = 0

    /// What all nodes of a cluster have that are made of one image.
    static func common(
        of plan: ClusterPlan, files: NodeFiles, subnet: Subnet, image: LayeredImage
    ) throws -> [RootEntry] {
        let ubuntu = try image.ubuntu()
        var entries =
            image.entriesOfRun() + [
                RootEntry(path: "/run/sshd", mode: 0o755), RootEntry(path: "/run/lock", mode: 0o1777),
                // sshd complains to whoever gets a terminal if it is not there.
                RootEntry(path: "/var/log/lastlog", text: "", mode: 0o644),
                RootEntry(path: "/etc/hosts", text: files.hosts, mode: 0o644),
                RootEntry(path: ubuntu.home, mode: 0o755, owner: ubuntu.user, group: ubuntu.group),
                RootEntry(path: ubuntu.home + "/.ssh", mode: 0o700, owner: ubuntu.user, group: ubuntu.group),
                RootEntry(path: "/root/.ssh", mode: 0o700),
                RootEntry(path: "/etc/ssh/sshd_config.d", mode: 0o755),
            ]
        entries += files.common.map { entry($0, ubuntu) }
        if plan.configuration.outside {
            let text = "nameserver \(subnet.outsideNameServer)\n"
            entries.append(RootEntry(path: "/etc/resolv.conf", text: text, mode: 0o644))
        }
        return entries
            + (plan.mounts.map(\.target) + plan.sharedFolders.map(\.path)).flatMap { folders(to: $0) }
    }

    /// What one node has alone.
    static func own(of node: PlannedNode, files: NodeFiles, image: LayeredImage) throws -> [RootEntry] {
        let ubuntu = try image.ubuntu()
        return [
            RootEntry(path: "/etc/hostname", text: node.name + "\n", mode: 0o644),
            RootEntry(path: "/etc/machine-id", text: MachineID.random() + "\n", mode: 0o444),
        ]
            + files.own(of: node.name).map { entry($0, ubuntu) }
            + (try node.files.flatMap { try entries($0, of: node, image) })
    }

    /// A file of a service's, and the folders on the way to it.
    private static func entries(
        _ file: ServiceFile, of node: PlannedNode, _ image: LayeredImage
    ) throws -> [RootEntry] {
        let owner: LayeredImage.Account? = file.owner == "root" ? (0, 0, "/root") : image.account(file.owner)
        guard let owner else {
            throw ClusterError(
                .imageUnavailable, "\(file.path) of \(node.name) can't be \(file.owner)'s: its image has no such user.",
                node: node.name)
        }
        let above = file.path.split(separator: "/").dropLast().joined(separator: "/")
        return folders(to: above) + [
            RootEntry(
                path: file.path, text: file.text, mode: UInt32(file.mode), owner: owner.user, group: owner.group)
        ]
    }

    private static func entry(_ file: NodeFile, _ ubuntu: LayeredImage.Account) -> RootEntry {
        let (folder, owner, group): (String, UInt32, UInt32) =
            switch file.place {
            case .etcSSH: ("/etc/ssh", 0, 0)
            case .sshdSettings: ("/etc/ssh/sshd_config.d", 0, 0)
            case .etcSudoers: ("/etc/sudoers.d", 0, 0)
            case .home(.root): ("/root/.ssh", 0, 0)
            case .home(.ubuntu): (ubuntu.home + "/.ssh", ubuntu.user, ubuntu.group)
            }
        return RootEntry(
            path: "\(folder)/\(file.name)", text: file.text, mode: UInt32(file.mode), owner: owner, group: group)
    }

    /// The folders on the way to a mounted one. Those that are there already are left alone.
    private static func folders(to target: String) -> [RootEntry] {
        var path = ""
        return target.split(separator: "/").map { part in
            path += "/" + part
            return RootEntry(path: path, mode: 0o755)
        }
    }
}
#endif
