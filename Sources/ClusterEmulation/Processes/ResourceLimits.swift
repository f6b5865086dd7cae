import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the system lets this process have (getrlimit(2), `ulimit`).
package enum ResourceLimits {
    /// Raises the number of open files, which is a soft limit of 1024 on most systems, as far as is needed and allowed.
    /// Programs that this process starts later inherit it.
    ///
    /// - Throws: ``ClusterError`` if a cluster of so many nodes could not come up.
    static func allowOpenFiles(nodes: Int, ports: Int) throws {
        guard var limit = current(openFiles) else { return }
        // For each node: its ports and its log on one side, a connection that waits for its banner on the other.
        let needed = 24 + nodes * (2 + ports)
        if limit.rlim_max < rlim_t(needed) {
            throw ClusterError(
                .provisioningFailed,
                "A cluster of \(nodes) node\(nodes == 1 ? "" : "s") needs \(needed) open files, and this process may have \(limit.rlim_max).",
                remedy: "Raise the hard limit (`ulimit -Hn`), or take fewer nodes.")
        }
        let wanted = rlim_t(512 + nodes * (4 + ports))
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        // If it can't be raised, what needs it says so.
        _ = setrlimit(openFiles, &limit)
    }

    /// Raises the number of open files as far as so many programs at a time need it, whose standard streams this process reads.
    ///
    /// - Throws: ``ClusterError`` if it may not have so many.
    package static func allowOpenFiles(programs: Int) throws {
        guard var limit = current(openFiles) else { return }
        // Of each: pipes for three streams and for its end, and what it takes to start it and to wait for it.
        let needed = 24 + 10 * programs
        if limit.rlim_max < rlim_t(needed) {
            throw ClusterError(
                .invalidConfiguration,
                "\(programs) commands at a time need \(needed) open files, and this process may have \(limit.rlim_max).",
                remedy: "Raise the hard limit (`ulimit -Hn`), or let fewer run at a time (`atMost`).")
        }
        let wanted = rlim_t(512 + 16 * programs)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        _ = setrlimit(openFiles, &limit)
    }

    /// Refuses to begin where threads would fail half-way for want of address space.
    ///
    /// Each takes 8 MiB for its stack and 64 MiB for malloc's arena; a start has about eleven.
    ///
    /// - Throws: ``ClusterError`` with the limit and what is needed.
    static func requireAddressSpace() throws {
        #if os(Linux)
        guard let limit = current(addressSpace)?.rlim_cur, let used = usedAddressSpace else { return }
        let headroom: UInt64 = 512 << 20
        if UInt64(limit) < used + headroom {
            throw ClusterError(
                .provisioningFailed,
                "This process may have \(UInt64(limit) >> 20) MiB of address space, and a cluster needs \((used + headroom) >> 20) MiB here.",
                remedy: "Raise the limit (`ulimit -v unlimited`).")
        }
        #endif
    }

    private static func current(_ resource: Resource) -> rlimit? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? limit : nil
    }

    #if canImport(Glibc)
    private typealias Resource = __rlimit_resource_t
    private static let openFiles = Resource(RLIMIT_NOFILE.rawValue)
    private static let addressSpace = Resource(RLIMIT_AS.rawValue)
    #else
    private typealias Resource = Int32
    private static let openFiles = RLIMIT_NOFILE
    private static let addressSpace = RLIMIT_AS
    #endif

    #if os(Linux)
    /// In bytes (proc(5)).
    private static var usedAddressSpace: UInt64? {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.flatMap { UInt64($0) }.map { $0 * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
    }
    #endif
}
