/// A folder that all nodes share: the same files, locks and renames on every one of them, for both users.
///
/// It is in memory with namespaces and a volume of the engine's with Docker, and gone with the cluster; or it is a folder of this
/// machine, which stays. What the image has there is in it, and the users' homes too, if it is `/home`.
public struct SharedFolder: Service {
    /// Its absolute path on the nodes.
    public let path: String
    /// A folder of this machine that it is, if it is to stay.
    public let folder: String?
    /// How much may be in it, in bytes; nil is as much as a node may write with namespaces, and unlimited with Docker.
    public let size: Int?
    /// How many bytes in a second each node may read from it, and write to it; nil is unlimited. Nodes have such a folder by FUSE, which
    /// containers of Docker's don't have.
    public let bytesPerSecond: Int?

    /// The service's name, which is made of its path: `/home` gives `shared-home`.
    public var name: String {
        "shared" + path.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
    }

    /// A shared folder as backends make it.
    package struct Place: Sendable, Hashable {
        package let path: String
        package let folder: String?
        package let size: Int?
    }
}

extension Service where Self == SharedFolder {
    /// A folder that all nodes share.
    ///
    /// - Parameters:
    ///   - path: Its absolute path on the nodes, such as `/home` or `/shared`.
    ///   - folder: A folder of this machine that it is, and that stays; nil makes one that is gone with the cluster.
    ///   - size: How much may be in it, in bytes; nil is as much as a node may write with namespaces, and unlimited with Docker.
    ///   - bytesPerSecond: How fast each node may read from it, and write to it, as over a slow network; nil is unlimited. With namespaces
    ///     only.
    /// - Returns: The service.
    public static func sharedFolder(
        _ path: String, from folder: String? = nil, size: Int? = nil, bytesPerSecond: Int? = nil
    ) -> SharedFolder {
        SharedFolder(path: path, folder: folder, size: size, bytesPerSecond: bytesPerSecond)
    }
}

extension SharedFolder {
    /// Refuses what can't be shared, and has all nodes share it.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        try Mount(folder ?? "/", at: path).validate()
        let parts = path.split(separator: "/")
        guard let first = parts.first, !Self.systems.contains(String(first)), path == "/" + parts.joined(separator: "/")
        else {
            throw ClusterError(
                .invalidConfiguration, "\(path) can't be shared: every node needs a \(path) of its own.",
                remedy: "Share /home, or a folder that is the cluster's, such as /shared.")
        }
        if let folder, first == "home", parts.count <= 2 {
            throw ClusterError(
                .invalidConfiguration,
                "\(folder) can't be shared as \(path): the nodes' keys are in there, and would stay in it.",
                remedy: "Share \(path) without a folder of this machine, or the folder under another path.")
        }
        if let other = layout.sharedFolders.first(where: { $0 != path && (path + "/").hasPrefix($0 + "/") }) {
            throw ClusterError(.invalidConfiguration, "\(path) is shared already, as a part of \(other).")
        }
        if let size, size < 1 << 20 {
            throw ClusterError(
                .invalidConfiguration,
                "A shared folder can't be limited to \(size) bytes: the least is 1 MiB (\(1 << 20) bytes).")
        }
        if let bytesPerSecond, bytesPerSecond < 4096 {
            throw ClusterError(
                .invalidConfiguration,
                "A shared folder can't be as slow as \(bytesPerSecond) bytes in a second: the least is 4 KiB (4096 bytes)."
            )
        }
        if folder != nil, size != nil {
            throw ClusterError(.invalidConfiguration, "A folder of this machine can't be given a size: leave it out.")
        }
        var plan = ServicePlan(on: layout.nodes.map(\.name))
        plan.sharedFolders = [Place(path: path, folder: folder, size: size)]
        return plan
    }

    /// What belongs to a machine and not to a cluster.
    private static let systems: Set<String> = [
        "bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var",
    ]

    /// A slow one is the same folder again by bindfs(1), which keeps to a rate.
    public func image(_ image: NodeImage) -> NodeImage {
        bytesPerSecond == nil ? image : image.adding(packages: ["bindfs"])
    }

    /// The nodes have it from the beginning; over a slow one comes what makes it slow.
    public func start(on nodes: ServiceNodes) async throws {
        guard let bytesPerSecond else { return }
        let rates = ["--read-rate=\(bytesPerSecond)", "--write-rate=\(bytesPerSecond)"]
        // Without threads, whoever waits for a lock would keep everybody waiting.
        let locks = ["--multithreaded", "--enable-lock-forwarding"]
        try await nodes.onEach { node in
            try await nodes.run(["bindfs"] + rates + locks + [path, path], on: node).requireSuccess()
        }
    }
}
