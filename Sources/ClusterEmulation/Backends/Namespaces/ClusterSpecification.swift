#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// A plan in the terms of the C target: everything written out beforehand, since nothing can be made after the clone.
final class ClusterSpecification {
    private(set) var provisioned: [ProvisionedNode] = []
    /// This process's end of the lifeline.
    private var keptSocket: Int32 = -1
    /// Where a byte says that the cluster's users are mapped.
    private var mapped: Int32 = -1
    private let mounts: [Mount]
    private let arena = Arena()
    private var cluster = ns_cluster()
    /// What the cluster inherits and this process lets go of.
    private var inherited: [Int32] = []
    /// This process's ends of what it inherits.
    private var kept: [Int32] = []

    init(
        _ plan: ClusterPlan, images: (NodeImage) -> LayeredImage, subnet: Subnet, credentials: Credentials
    ) throws {
        let outside = plan.configuration.outside ? try Outside() : nil
        let rules = try NetworkRules(plan)
        let addresses = subnet.addresses(plan.nodeNames.count)
        let addresses6 = plan.addresses6
        let second = plan.secondAddresses(beside: subnet)
        let base = plan.workspace.mountFolder
        mounts = plan.mounts
        let layers = LayerTable(plan.nodes.map { images($0.image) })
        try Workspace.makeFolder(base)
        try Workspace.makeFolder(NodeLogs.folder(of: plan.workspace.folder))
        let nodeFiles = NodeFiles(
            plan, in: subnet, hostIP: HostNetwork.address(in: subnet), credentials: credentials)
        var shared = SharedFiles(plan.sharedFolders, after: mounts.count)
        var kinds = NodeKinds()
        let hierarchies = NodeCgroups.hierarchies(for: plan.nodes.map(\.limits))
        var nodes: [ns_node] = []
        for (index, planned) in plan.nodes.enumerated() {
            let (name, image) = (planned.name, images(planned.image))
            var (listeners, published): ([ns_port], [ProvisionedNode.Publication]) = ([], [])
            for port in [PublishedPort(22)] + planned.ports {
                let opened = try LoopbackPort.listen(on: port.hostPort ?? 0, port.transport, for: name)
                inherited.append(opened.descriptor)
                listeners.append(
                    ns_port(
                        listener: opened.descriptor, node_port: UInt16(port.nodePort),
                        is_datagram: port.transport == .udp ? 1 : 0))
                published.append(ProvisionedNode.Publication(port.nodePort, at: opened.port, port.transport))
            }
            let log = try openLog(plan, name)
            let groups = try NodeCgroups.make(
                plan.id, name, index: index, planned.limits, in: hierarchies)
            inherited += groups
            let entries = shared.take(from: try RootEntry.own(of: planned, files: nodeFiles, image: image))
            var node = try kinds.node(planned) {
                let common = try RootEntry.common(of: plan, files: nodeFiles, subnet: subnet, image: image)
                return try commonNode(planned, shared.take(from: common), layers: layers.places(of: image))
            }
            node.hostname = arena.text(name)
            node.title = arena.text(ProcessTitle.node(index + 1, of: plan.id))
            node.address = inet_addr(addresses[index])
            if let addresses6 { node.address6 = arena.array(Subnet6.bytes(addresses6[index])) }
            node.peer = arena.text(NetworkRules.port(index))
            if let second {
                node.second_address = inet_addr(second[index])
                node.second_peer = arena.text(NetworkRules.secondPort(index))
            }
            node.folder = arena.text("\(index + 1)")
            node.files = files(entries)
            node.file_count = entries.count
            node.ports = arena.array(listeners)
            node.port_count = listeners.count
            node.log = log
            node.cgroups = arena.array(groups)
            node.cgroup_count = groups.count
            nodes.append(node)
            provisioned.append(
                ProvisionedNode(
                    name: name, fqdn: plan.fqdn(name), role: planned.role, host: "127.0.0.1",
                    port: published[0].hostPort,
                    ip: addresses[index], ipv6: addresses6?[index], secondIP: second?[index],
                    hostKeys: credentials.publicHostKeys(of: name),
                    publishedPorts: Array(published.dropFirst())))
        }
        cluster.files = files(shared.entries)
        cluster.file_count = shared.entries.count
        cluster.title = arena.text(ProcessTitle.lifeline(of: plan.id))
        cluster.name = arena.text("cf-\(plan.id)")
        cluster.base = arena.text(base)
        cluster.root = ClusterUsers.root
        cluster.layers = arena.array(layers.folders.map { Optional(arena.text($0)) })
        cluster.layer_count = layers.folders.count
        let first = images(plan.nodes[0].image)
        let mountPoints =
            mounts.map {
                ns_mount(
                    source: arena.text($0.source), target: arena.text($0.target), read_only: $0.isReadOnly ? 1 : 0,
                    writable: nil, overlay: nil)
            } + (try shared.folders.map { try sharedFolder($0, of: first, layers: layers.places(of: first)) })
        cluster.mounts = arena.array(mountPoints)
        cluster.mount_count = mountPoints.count
        cluster.hierarchies = arena.array(
            hierarchies.map {
                ns_hierarchy(
                    folder: arena.text($0.folder), type: arena.text($0.type), options: arena.text($0.options))
            })
        cluster.hierarchy_count = hierarchies.count
        cluster.prefix = UInt8(subnet.bits)
        cluster.router = subnet.router.bigEndian
        if let subnet6 = plan.subnet6 { cluster.router6 = arena.array(Subnet6.bytes(subnet6.router)) }
        cluster.ping_groups = arena.text("0 \(try ClusterUsers.lastGroup())")
        cluster.nodes = arena.array(nodes)
        cluster.node_count = nodes.count
        cluster.users = try LifelineConnection.ownUsers()
        cluster.listener = try LifelineConnection.listen(in: plan.workspace)
        inherited.append(cluster.listener)
        if let outside {
            let words = outside.words(subnet).map { Optional(arena.text($0)) }
            cluster.outside = arena.array(words + [nil])
            cluster.outside_log = try openLog(plan, "outside")
        }
        cluster.second = plan.configuration.site.secondInterface.map { arena.text($0) }
        if let rules {
            cluster.guard = arena.array(rules.words.map { Optional(arena.text($0)) } + [nil])
            cluster.guard_rules = try socket(with: rules.text)
            cluster.guard_log = try openLog(plan, "nft")
        }
    }

    deinit { closeDescriptors() }

    private func openLog(_ plan: ClusterPlan, _ name: String) throws -> Int32 {
        let log = open(NodeLogs.file(name, of: plan.workspace.folder), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else {
            throw Self.failure("the log of \(name)", node: plan.nodeNames.contains(name) ? name : nil)
        }
        inherited.append(log)
        return log
    }

    /// What all nodes of a kind have in common.
    private func commonNode(_ planned: PlannedNode, _ entries: [RootEntry], layers: [Int]) throws -> ns_node {
        var node = ns_node()
        let space = try NodeSpace(planned.limits)
        node.common = files(entries)
        node.common_count = entries.count
        node.writable = arena.text("size=\(space.files),mode=755")
        node.shared_memory = arena.text("size=\(space.sharedMemory),mode=1777")
        node.log_size = space.log
        let processLimits = ProcessLimit.all(planned.limits).map(\.forKernel) + ProcessLimit.others
        node.limits = arena.array(processLimits)
        node.limit_count = processLimits.count
        node.overlay = arena.text(Self.overlay(layers))
        return node
    }

    /// Beside the folder in which an overlay is made are the layers, under these names.
    private static func overlay(_ layers: [Int], below path: String = "") -> String {
        "lowerdir=\(layers.map { "../l\($0)\(path)" }.joined(separator: ":")),upperdir=u,workdir=w,userxattr"
    }

    /// A folder in memory that all nodes share.
    private func sharedFolder(
        _ shared: SharedFolder.Place, of image: LayeredImage, layers: [Int]
    ) throws -> ns_mount {
        let size = try shared.size ?? NodeSpace(.none).files
        let below = image.places(of: shared.path).map { layers[$0] }
        return ns_mount(
            source: nil, target: arena.text(shared.path), read_only: 0,
            // What the image doesn't have belongs to all.
            writable: arena.text("size=\(size),mode=\(below.isEmpty ? "1777" : "755")"),
            overlay: below.isEmpty ? nil : arena.text(Self.overlay(below, below: shared.path)))
    }

    private func files(_ files: [RootEntry]) -> UnsafePointer<ns_file> {
        arena.array(
            files.map { file in
                ns_file(
                    path: arena.text(file.path), bytes: file.text.map { arena.text($0) },
                    length: file.text?.utf8.count ?? 0, mode: file.mode, owner: file.owner, group: file.group)
            })
    }

    /// Starts the cluster's first process and returns its number.
    func start() throws -> pid_t {
        // Whole reports, whoever else writes: a socket of packets.
        (keptSocket, cluster.lifeline) = try socketPair(Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue))
        (mapped, cluster.mapped) = try socketPair(Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue))
        let process = ns_start(&cluster)
        guard process > 0 else { throw Self.failure("the cluster's first process") }
        return process
    }

    /// A socket that a short text can be read from.
    private func socket(with text: String) throws -> Int32 {
        let (kept, inherited) = try socketPair(Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue))
        // Less than a socket holds.
        guard write(kept, text, text.utf8.count) == text.utf8.count else { throw Self.failure("a socket pair") }
        shutdown(kept, Int32(SHUT_WR))
        return inherited
    }

    /// This process's end, and the cluster's.
    private func socketPair(_ kind: Int32) throws -> (kept: Int32, inherited: Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Self.failure("a socket pair") }
        kept.append(ends[0])
        inherited.append(ends[1])
        return (ends[0], ends[1])
    }

    /// Says to the cluster that its users are mapped. Root takes hold of the shared folders for it, in which owners keep their
    /// numbers; others' clusters see the folders as they do.
    ///
    /// - Throws: ``ClusterError`` if a folder's file system can't have owners mapped.
    func handOver(mountsTo process: pid_t) throws {
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        for mount in ClusterUsers.makerIsRoot ? mounts : [] {
            let descriptor = ns_hold(mount.source, mount.isReadOnly ? 1 : 0, process)
            guard descriptor >= 0 else {
                throw ClusterError(
                    .provisioningFailed,
                    "\(mount.source) can't be shared with the nodes: owners can't be mapped there (\(String(cString: strerror(errno)))).",
                    remedy:
                        "Share a folder of ext4, xfs, btrfs or, from Linux 6.3 on, tmpfs, and with nothing else mounted in it."
                )
            }
            held.append(descriptor)
        }
        guard ns_hand_over(mapped, held, held.count) == 0 else { throw Self.failure("the cluster's users") }
    }

    /// Hands this process's end of the lifeline over: it is no longer closed with the specification.
    func handOver() -> Int32 {
        kept.removeAll { $0 == keptSocket }
        return keptSocket
    }

    func closeDescriptors() {
        for descriptor in inherited + kept { close(descriptor) }
        (inherited, kept) = ([], [])
    }

    private static func failure(_ thing: String, node: String? = nil) -> ClusterError {
        ClusterError(
            .provisioningFailed, "\(thing) could not be made: \(String(cString: strerror(errno))).", node: node)
    }
}

/// Memory for C structures that lives as long as the arena.
private final class Arena {
    private var blocks: [UnsafeMutableRawPointer] = []

    func text(_ text: String) -> UnsafePointer<CChar> {
        let bytes = Array(text.utf8CString)
        return array(bytes)
    }

    func array<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        memory.initialize(from: elements, count: elements.count)
        blocks.append(UnsafeMutableRawPointer(memory))
        return UnsafePointer(memory)
    }

    deinit { for block in blocks { block.deallocate() } }
}
#endif
