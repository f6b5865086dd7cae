#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many files this process may have open.
enum OpenFiles {
    /// Raises the limit, which is a soft one of 1024 on most systems, as far as is needed and allowed. Programs that this
    /// process starts later inherit it.
    static func allow(_ count: Int) {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        // If it can't be raised, what needs it says so.
        _ = setrlimit(resource, &limit)
    }
}
