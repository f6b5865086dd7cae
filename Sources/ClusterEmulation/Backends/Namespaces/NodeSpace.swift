#if os(Linux)
/// How much a node may keep in memory that is not its processes': files, shared memory, and on this machine its log. All in bytes.
///
/// Files in memory count against a memory limit: together they stay below it, so that what is full is a file system and not the
/// node's memory.
struct NodeSpace: Sendable, Hashable {
    /// What the node writes to its file system; 1 GiB at most.
    let files: Int
    /// Its `/dev/shm`; 64 MiB at most, as with Docker.
    let sharedMemory: Int
    /// What is kept of what its sshd writes.
    let log = 4 << 20

    init(_ limits: NodeLimits) {
        let memory = limits.memory ?? .max
        files = min(1 << 30, memory / 2)
        sharedMemory = min(64 << 20, memory / 4)
    }
}
#endif
