#if os(Linux)
import CNamespaces
import Glibc

extension ProcessLimit {
    /// As setrlimit(2) wants it.
    var forKernel: ns_limit {
        ns_limit(resource: resource.number, number: soft ?? .max, is_hard: isHard ? 1 : 0)
    }

    /// What else a process may use, as much as may be: what the caller's shell has set for itself is not for the nodes.
    static let others = [
        RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, __RLIMIT_RSS, RLIMIT_AS, __RLIMIT_LOCKS, __RLIMIT_SIGPENDING,
        __RLIMIT_MSGQUEUE, __RLIMIT_NICE, __RLIMIT_RTPRIO, __RLIMIT_RTTIME,
    ].map { ns_limit(resource: Int32($0.rawValue), number: .max, is_hard: 0) }

    /// Refuses what the nodes can't be given: nobody can raise a hard limit that this process has got.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    static func check(_ limits: NodeLimits) throws {
        for limit in all(limits) where limit.isHard {
            var own = rlimit()
            guard let wanted = limit.soft, getrlimit(__rlimit_resource_t(UInt32(limit.resource.number)), &own) == 0,
                wanted > own.rlim_max
            else { continue }
            throw ClusterError(
                .invalidConfiguration,
                "A node can't have \(wanted) \(limit.resource.description): this process may have \(own.rlim_max), and what it starts no more.",
                remedy: "Raise its hard limit (limits.conf(5): `\(limit.resource.name)`), or ask for less.")
        }
    }
}

extension ProcessLimit.Resource {
    fileprivate var number: Int32 {
        switch self {
        case .openFiles: Int32(RLIMIT_NOFILE.rawValue)
        case .processes: Int32(__RLIMIT_NPROC.rawValue)
        case .stack: Int32(RLIMIT_STACK.rawValue)
        case .lockedMemory: Int32(__RLIMIT_MEMLOCK.rawValue)
        case .coreFile: Int32(RLIMIT_CORE.rawValue)
        }
    }
}
#endif
