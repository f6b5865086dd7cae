#if os(Linux)
import Foundation
import Glibc

/// A file of a node, a folder if there is no text, or a link if the mode says so. The path is relative to the node's root.
struct NodeFile: Sendable {
    var path: String
    var text: String?
    var mode: UInt32
    var owner: UInt32 = 0
    var group: UInt32 = 0
}

/// The files that make a node this cluster's: the same as `start-node --configure` puts in place in a container.
struct NodeFiles {
    private(set) var all: [NodeFile] = []

    init(
        _ plan: ClusterPlan, _ node: Int, addresses: [String], image: LayeredImage, credentials: Credentials
    ) throws {
        let name = plan.nodeNames[node]
        let knownHosts = SSHConfiguration.knownHosts(
            inside: node, names: plan.nodeNames, addresses: addresses, hostKeys: credentials.hostKeys.map(\.publicKey))
        add("run/sshd", nil, 0o755)
        add("run/lock", nil, 0o1777)
        add("etc/hostname", name + "\n", 0o644)
        add("etc/hosts", Self.hosts(plan.nodeNames, addresses), 0o644)
        add("etc/ssh/ssh_known_hosts", knownHosts, 0o644)
        try addKey("etc/ssh/ssh_host_ed25519_key", credentials.hostKeys[node], 0, 0)
        let ubuntu = try image.ubuntu()
        let home = String(ubuntu.home.dropFirst())
        add(home, nil, 0o755, ubuntu.user, ubuntu.group)
        let environment = plan.configuration.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }.joined()
        for (user, key) in credentials.internalKeys {
            let (folder, owner, group) =
                user == .root ? ("root/.ssh", 0, 0) : (home + "/.ssh", ubuntu.user, ubuntu.group)
            add(folder, nil, 0o700, owner, group)
            add(
                folder + "/authorized_keys", credentials.authorizedKeys(for: user).map { $0 + "\n" }.joined(), 0o600,
                owner,
                group)
            add(folder + "/known_hosts", knownHosts, 0o600, owner, group)
            add(folder + "/environment", environment, 0o600, owner, group)
            try addKey(folder + "/id_ed25519", key, owner, group)
        }
        for mount in plan.configuration.mounts { addFolders(to: String(mount.target.dropFirst())) }
    }

    /// What a node's root has before the system's folders are stacked up in it.
    static func skeleton(_ image: LayeredImage) -> [NodeFile] {
        let folders = ["proc", "sys", "dev", "run", "home", "mnt", "media", "srv"] + image.overlays.map(\.folder)
        return image.links.map { NodeFile(path: $0.link, text: $0.target, mode: UInt32(S_IFLNK) | 0o777) }
            + folders.map { NodeFile(path: $0, mode: 0o755) }
            + [NodeFile(path: "root", mode: 0o700), NodeFile(path: "tmp", mode: 0o1777)]
    }

    private mutating func add(
        _ path: String, _ text: String?, _ mode: UInt32, _ owner: UInt32 = 0, _ group: UInt32 = 0
    ) {
        all.append(NodeFile(path: path, text: text, mode: mode, owner: owner, group: group))
    }

    private mutating func addKey(_ path: String, _ key: KeyPair, _ owner: UInt32, _ group: UInt32) throws {
        add(path, try String(contentsOfFile: key.privateFile, encoding: .utf8), 0o600, owner, group)
        add(path + ".pub", key.publicKey + "\n", 0o644, owner, group)
    }

    private mutating func addFolders(to path: String) {
        var folder = ""
        for part in path.split(separator: "/") {
            folder += (folder.isEmpty ? "" : "/") + part
            // A folder that is there keeps its mode.
            if !FileManager.default.fileExists(atPath: "/" + folder) { add(folder, nil, 0o755) }
        }
    }

    private static func hosts(_ names: [String], _ addresses: [String]) -> String {
        "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
            + zip(addresses, names).map { "\($0) \($1)\n" }.joined()
    }
}
#endif
