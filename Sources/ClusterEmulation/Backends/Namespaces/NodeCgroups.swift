#if os(Linux)
import Foundation
import Glibc

/// Control groups that hold nodes to their limits: version 1, one hierarchy per resource, or version 2.
enum NodeCgroups {
    private static let root = "/sys/fs/cgroup"

    /// Makes a node's groups and returns descriptors of the files by which a process joins them.
    ///
    /// - Throws: ``ClusterError`` if this process may not make groups: a limit that is not kept is none.
    static func make(_ cluster: ClusterPlan.ID, _ node: String, _ limits: NodeLimits) throws -> [Int32] {
        var descriptors: [Int32] = []
        for (controller, settings) in settings(limits) {
            let folder = "\(root)\(controller)/\(prefix)\(cluster)-\(node)"
            guard mkdir(folder, 0o755) == 0 else { throw refused(node, folder) }
            for (file, value) in settings {
                let descriptor = open("\(folder)/\(file)", O_WRONLY | O_CLOEXEC)
                defer { close(descriptor) }
                guard descriptor >= 0, write(descriptor, value, value.utf8.count) == value.utf8.count else {
                    throw refused(node, "\(folder)/\(file)")
                }
            }
            let joining = open(folder + "/cgroup.procs", O_WRONLY | O_CLOEXEC)
            guard joining >= 0 else { throw refused(node, folder) }
            descriptors.append(joining)
        }
        return descriptors
    }

    /// Removes a cluster's groups. They are empty when its processes are gone.
    static func remove(_ cluster: ClusterPlan.ID) {
        for path in all() where Self.cluster(path) == cluster { rmdir(path) }
    }

    /// The clusters that have groups here.
    static func clusters() -> Set<ClusterPlan.ID> { Set(all().compactMap(cluster)) }

    private static let prefix = "cluster-fixture-"

    private static func all() -> [String] {
        ["/memory", "/cpu", ""].flatMap { place in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: root + place)) ?? []
            return names.filter { $0.hasPrefix(prefix) }.map { "\(root)\(place)/\($0)" }
        }
    }

    private static func cluster(_ path: String) -> ClusterPlan.ID? {
        let name = (path as NSString).lastPathComponent
        return ClusterPlan.ID(name.dropFirst(prefix.count).prefix(ClusterPlan.ID.length))
    }

    /// Groups can be removed once the kernel has ended the processes in them.
    static func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript {
        let text = """
            cluster=$1; shift
            for pause in 0 0.02 0.05 0.1 0.2 0.5 1 2; do
                sleep $pause
                left=
                for group in /sys/fs/cgroup/cluster-fixture-"$cluster"-* /sys/fs/cgroup/*/cluster-fixture-"$cluster"-*; do
                    [ ! -d "$group" ] || rmdir "$group" || left=yes
                done
                [ -n "$left" ] || break
            done
            """
        return ReapingScript(text, arguments: ["\(cluster)"])
    }

    private static var isUnified: Bool { access(root + "/cgroup.controllers", F_OK) == 0 }

    private static func settings(_ limits: NodeLimits) -> [(controller: String, [(file: String, value: String)])] {
        let period = 100_000  // microseconds, the kernel's default
        let quota = limits.processors.map { Int($0 * Double(period)) }
        if isUnified {
            let settings =
                (limits.memory.map { [("memory.max", "\($0)"), ("memory.swap.max", "0")] } ?? [])
                + (quota.map { [("cpu.max", "\($0) \(period)")] } ?? [])
            return settings.isEmpty ? [] : [("", settings)]
        }
        return (limits.memory.map { [("/memory", [("memory.limit_in_bytes", "\($0)")])] } ?? [])
            + (quota.map { [("/cpu", [("cpu.cfs_quota_us", "\($0)")])] } ?? [])
    }

    private static func refused(_ node: String, _ path: String) -> ClusterError {
        ClusterError(
            .provisioningFailed,
            "\(node) can't be held to its limits: \(path) could not be made or written (\(String(cString: strerror(errno)))).",
            node: node, remedy: "Leave the limits out, or run where control groups may be made.")
    }
}
#endif
