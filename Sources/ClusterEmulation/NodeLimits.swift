/// What one node may use.
public struct NodeLimits: Sendable, Hashable {
    /// The number of processors, in fractions if you like; nil means unlimited.
    public var processors: Double?
    /// Memory in bytes; nil means unlimited. With namespaces it takes root, as ``processors`` does.
    public var memory: Int?
    /// What a node may write to its file system, in bytes.
    ///
    /// With namespaces, files are in memory: nil is 8 GiB, or half of this machine's memory, or two thirds of what a memory limit
    /// leaves, whichever is least. With Docker, nil means unlimited, and engines have a limit only where they keep their data on btrfs, ZFS, or
    /// XFS mounted with pquota; others refuse it.
    public var disk: Int?
    /// The size of `/dev/shm` in bytes; nil is 64 MiB, or, with namespaces, a quarter of a memory limit if that is less.
    public var sharedMemory: Int?

    /// How many files a process may have open; nil is 1024, as Debian gives a login, and a process may raise it as far as this
    /// machine lets it.
    public var openFiles: Int?
    /// How many processes and threads a user may have on all nodes together; nil is as many as this machine lets a user have. With Docker
    /// `root` has no such limit, and what else runs on this machine under the number of `ubuntu` counts as well.
    public var processes: Int?
    /// The size of a process's stack in bytes; nil is 8 MiB, and a process may raise it.
    public var stack: Int?
    /// How much memory a process may lock, in bytes; nil is 8 MiB, or less where this machine allows less.
    public var lockedMemory: Int?
    /// The size of a core file in bytes; nil is 0, which means that there is none, and a process may raise it.
    public var coreFile: Int?

    /// Limits a node.
    ///
    /// The last five are limits of setrlimit(2), ``processes`` of what one user runs on all nodes, the others of each process: a number is the soft limit and the hard one. It can't be more than what
    /// whoever starts the nodes may have: the process that starts the cluster, or the engine. Whatever else a process may use has no
    /// limit but theirs.
    ///
    /// - Parameters:
    ///   - processors: The number of processors, in fractions if you like; nil means unlimited.
    ///   - memory: Memory in bytes; nil means unlimited.
    ///   - disk: What a node may write to its file system, in bytes; nil is the backend's default.
    ///   - sharedMemory: The size of `/dev/shm` in bytes; nil is 64 MiB.
    ///   - openFiles: How many files a process may have open; nil is 1024.
    ///   - processes: How many processes and threads a user may have.
    ///   - stack: The size of a process's stack in bytes; nil is 8 MiB.
    ///   - lockedMemory: How much memory a process may lock, in bytes; nil is 8 MiB.
    ///   - coreFile: The size of a core file in bytes; nil is 0.
    public init(
        processors: Double? = nil, memory: Int? = nil, disk: Int? = nil, sharedMemory: Int? = nil,
        openFiles: Int? = nil,
        processes: Int? = nil, stack: Int? = nil, lockedMemory: Int? = nil, coreFile: Int? = nil
    ) {
        self.processors = processors
        self.memory = memory
        self.disk = disk
        self.sharedMemory = sharedMemory
        self.openFiles = openFiles
        self.processes = processes
        self.stack = stack
        self.lockedMemory = lockedMemory
        self.coreFile = coreFile
    }

    /// No limit.
    public static let none = NodeLimits()
}
