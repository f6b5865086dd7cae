#if os(Linux)
import Foundation
import Glibc

/// Control groups that hold nodes to their limits: version 1, one hierarchy per resource, or version 2.
///
/// A node with limits has a group in every hierarchy, since that is what it then takes for the root of all groups: where it had
/// none, the root would be this machine's.
enum NodeCgroups {
    private static let root = "/sys/fs/cgroup"

    /// Makes a node's groups and returns descriptors of the files by which a process joins them.
    ///
    /// - Throws: ``ClusterError`` if this process may not make groups: a limit has to be kept.
    static func make(
        _ cluster: ClusterPlan.ID, _ node: String, index: Int, _ limits: NodeLimits, in hierarchies: [Hierarchy]
    ) throws -> [Int32] {
        try (needsGroup(limits) ? hierarchies : []).map {
            try make("\($0.path)/\(prefix)\(cluster)-\(node)", in: $0.path, node, index, limits)
        }
    }

    private static func make(
        _ folder: String, in hierarchy: String, _ node: String, _ index: Int, _ limits: NodeLimits
    ) throws -> Int32 {
        guard mkdir(folder, 0o755) == 0 else { throw refused(node, folder) }
        for (file, value) in settings(limits, index, in: hierarchy) {
            let descriptor = open("\(folder)/\(file)", O_WRONLY | O_CLOEXEC)
            defer { close(descriptor) }
            guard descriptor >= 0, write(descriptor, value, value.utf8.count) == value.utf8.count else {
                throw refused(node, "\(folder)/\(file)")
            }
        }
        let joining = open(folder + "/cgroup.procs", O_WRONLY | O_CLOEXEC)
        guard joining >= 0 else { throw refused(node, folder) }
        return joining
    }

    /// Removes a cluster's groups. They are empty when its processes are gone, which nothing tells of processes that are not
    /// this one's children: those that still end are waited for, two seconds at most.
    static func remove(_ cluster: ClusterPlan.ID) async {
        var pauses = Pauses(upTo: .seconds(1))
        for _ in 0...10 {
            if removeEmpty(cluster) { return }
            try? await pauses.pass()
        }
    }

    /// - Returns: Whether all are gone.
    private static func removeEmpty(_ cluster: ClusterPlan.ID) -> Bool {
        all().filter { Self.cluster($0) == cluster }.filter { rmdir($0) != 0 && errno == EBUSY }.isEmpty
    }

    /// The clusters that have groups here.
    static func clusters() -> Set<ClusterPlan.ID> { Set(all().compactMap(cluster)) }

    private static let prefix = "cluster-fixture-"

    private static func all() -> [String] {
        hierarchies.map(\.path).flatMap { place in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            return names.filter { $0.hasPrefix(prefix) }.map { "\(place)/\($0)" }
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

    /// A hierarchy of groups: one for all resources, or one for each of some.
    struct Hierarchy {
        /// Where it is mounted.
        let path: String
        /// `cgroup` or `cgroup2`.
        let type: String
        /// The mount options that name it.
        let options: String

        /// Its folder in ``root``, or an empty text if it is mounted there itself.
        var folder: String { String(path.dropFirst(root.count + 1)) }

        /// Reads a line of `/proc/self/mountinfo` (proc(5)); nil if it is of another file system, or of another place.
        fileprivate init?(mount line: Substring) {
            let words = line.split(separator: " ")
            guard let separator = words.firstIndex(of: "-"), words.count > separator + 3, separator > 4 else {
                return nil
            }
            (path, type) = (String(words[4]), String(words[separator + 1]))
            guard ["cgroup", "cgroup2"].contains(type), path == root || path.hasPrefix(root + "/") else { return nil }
            let about = words[separator + 3].split(separator: ",")
            let isNamed = about.contains { $0.hasPrefix("name=") }
            options =
                type == "cgroup2"
                ? ""
                : ((isNamed ? ["none"] : []) + about.filter { $0.hasPrefix("name=") || !Self.isSetting($0) })
                    .joined(separator: ",")
        }

        /// Whether an option is not the name of a resource.
        private static func isSetting(_ option: Substring) -> Bool {
            ["rw", "ro", "xattr", "noprefix", "clone_children"].contains(option) || option.contains("=")
        }
    }

    /// Where nodes with these limits have groups: nowhere, or in all hierarchies.
    static func hierarchies(for limits: [NodeLimits]) -> [Hierarchy] {
        limits.contains(where: needsGroup) ? hierarchies : []
    }

    /// Whether a group keeps any of the limits. The sizes of its file systems are kept by those.
    private static func needsGroup(_ limits: NodeLimits) -> Bool { limits.processors != nil || limits.memory != nil }

    /// The hierarchies of this machine.
    static var hierarchies: [Hierarchy] {
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        return mounts.split(separator: "\n").compactMap(Hierarchy.init(mount:)).sorted { $0.path < $1.path }
    }

    private static func settings(
        _ limits: NodeLimits, _ index: Int, in hierarchy: String
    ) -> [(file: String, value: String)] {
        let period = 100_000  // microseconds, the kernel's default
        let quota = limits.processors.map { Int($0 * Double(period)) }
        func has(_ file: String) -> Bool { access("\(hierarchy)/\(file)", F_OK) == 0 }
        func text(_ file: String) -> String? {
            (try? String(contentsOfFile: "\(hierarchy)/\(file)", encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        var settings: [(file: String, value: String)] = []
        if has("cgroup.controllers") {
            // What has no such file in the groups below isn't limited by groups here.
            if hierarchy == root {
                settings += limits.memory.map { [("memory.max", "\($0)"), ("memory.swap.max", "0")] } ?? []
                settings += quota.map { [("cpu.max", "\($0) \(period)")] } ?? []
            }
            if text("cgroup.subtree_control")?.split(separator: " ").contains("cpuset") == true,
                let own = text("cpuset.cpus.effective").flatMap({ Processors($0)?.share(limits.processors, index) })
            {
                settings.append(("cpuset.cpus", own.description))
            }
            return settings
        }
        if has("memory.limit_in_bytes") { settings += limits.memory.map { [("memory.limit_in_bytes", "\($0)")] } ?? [] }
        if has("cpu.shares") { settings += quota.map { [("cpu.cfs_quota_us", "\($0)")] } ?? [] }
        // A new group of processors has none, and so takes no processes.
        for file in ["cpuset.cpus", "cpuset.mems"] where has(file) {
            let all = text(file) ?? ""
            let own = file == "cpuset.cpus" ? Processors(all)?.share(limits.processors, index)?.description : nil
            settings.append((file, own ?? all))
        }
        return settings
    }

    private static func refused(_ node: String, _ path: String) -> ClusterError {
        ClusterError(
            .provisioningFailed,
            "\(node) can't be held to its limits: \(path) could not be made or written (\(String(cString: strerror(errno)))).",
            node: node, remedy: "Leave the limits out, or run where control groups may be made.")
    }
}
#endif
