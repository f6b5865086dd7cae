#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The words of docker command lines: pure functions of a plan.
package enum DockerArguments {
    /// What bears the label of a cluster of this user's, or of any.
    package static func labelled(_ cluster: ClusterPlan.ID?) -> [String] {
        [
            "--filter", "label=\(DockerLabel.cluster)" + (cluster.map { "=\($0)" } ?? ""),
            "--filter", "label=\(DockerLabel.user)=\(geteuid())",
        ]
    }

    /// The containers of a cluster, as far as filters can tell: what ``DockerRecord`` looks at, for a shell.
    package static func containers(of cluster: ClusterPlan.ID) -> [String] {
        ["ps", "--all", "--quiet"] + labelled(cluster) + [
            "--filter", "name=^/?\(container(cluster, "(\(NodeRole.nodeNamePattern))"))$", "--filter",
            "network=\(network(cluster))",
        ]
    }

    /// The containers beside a cluster's nodes, in their networks: as engines see it, they are on none.
    package static func containersBeside(nodesOf cluster: ClusterPlan.ID) -> [String] {
        ["ps", "--all", "--quiet"] + labelled(cluster) + [
            "--filter", "name=^/?\(container(cluster, beside("(\(NodeRole.nodeNamePattern))")))$",
        ]
    }

    /// What a container beside a node is called, in the place of a node's name.
    package static func beside(_ node: String) -> String { "\(node).network" }

    /// The network of a cluster.
    package static func networks(of cluster: ClusterPlan.ID) -> [String] {
        ["network", "ls", "--quiet"] + labelled(cluster) + ["--filter", "name=^\(network(cluster))$"]
    }

    /// The name of an image that was kept of a cluster's node, and goes with the cluster.
    static func keptImage(_ cluster: ClusterPlan.ID, _ number: String) -> String {
        "cluster-fixture/kept:\(cluster)-\(number)"
    }

    /// All such images of a cluster, by their names.
    static func keptImages(of cluster: ClusterPlan.ID) -> [String] {
        ["image", "ls", "--filter", "reference=\(keptImage(cluster, "*"))", "--format", "{{.Repository}}:{{.Tag}}"]
    }

    /// An engine on macOS has processors of its own, which nobody has asked it for.
    private static let processors = Processors.online

    package static func network(_ cluster: ClusterPlan.ID) -> String { cluster.folderName }

    package static func container(_ cluster: ClusterPlan.ID, _ node: String) -> String {
        "\(cluster.folderName)-\(node)"
    }

    package static func labels(_ plan: ClusterPlan, node: String? = nil, machine: String? = nil) -> [String] {
        labels(
            [(.cluster, "\(plan.id)"), (.name, plan.name), (.owner, ProcessIdentity.current.text)]
                + (node.map { [(.node, $0)] } ?? [])
                + (machine.map { [(.machine, $0), (.folder, plan.workspace.folder)] } ?? []))
    }

    /// The labels of what is added to a cluster, whoever has made it.
    static func labels(_ cluster: ClusterSummary, _ others: [(DockerLabel, String)]) -> [String] {
        let owner = cluster.owner.map { [(DockerLabel.owner, $0.text)] } ?? []
        return labels([(.cluster, "\(cluster.id)"), (.name, cluster.name)] + owner + others)
    }

    private static func labels(_ values: [(DockerLabel, String)]) -> [String] {
        (values + [(.user, "\(geteuid())")]).flatMap { ["--label", "\($0)=\($1)"] }
    }

    package static func createNetwork(_ plan: ClusterPlan, _ subnet: Subnet) -> [String] {
        let ipv6 = plan.subnet6.map { ["--ipv6", "--subnet", $0.description] } ?? []
        return ["network", "create", "--driver", "bridge", "--subnet", subnet.description] + ipv6 + labels(plan)
            + [network(plan.id)]
    }

    /// Where a node's container is to be.
    package enum Site: Sendable, Hashable {
        /// On this machine, whose loopback has its ports, with this folder of the node's files.
        case here(files: String)
        /// On a machine of a Swarm, one of whose addresses has its ports. It is given its files before it is started.
        case machine(String, address: String)
    }

    /// The commands that run a node by such words. On a machine of a Swarm it is made, given its files from a folder, and started.
    static func steps(_ words: [String], _ container: String, files folder: String) -> [[String]] {
        words.first == "create" ? [words, give(folder, to: container), ["start", container]] : [words]
    }

    /// Gives a node its files, where they are not mounted.
    static func give(_ folder: String, to container: String) -> [String] {
        ["cp", "\(folder)/.", "\(container):\(DockerNodeFolder.target)"]
    }

    /// Starts one node; on a machine of a Swarm, makes it.
    ///
    /// The folder with the node's files is below `/root`, which only root may enter, so that `ubuntu` can't
    /// read root's keys there, whoever owns the files on this machine.
    package static func run(
        _ plan: ClusterPlan, node: PlannedNode, image: String, address: String, address6: String? = nil,
        ports: PublishedPorts, on site: Site
    ) -> [String] {
        let (configuration, name, limits) = (plan.configuration, node.name, node.limits)
        let (machine, publisher): (String?, String) =
            switch site {
            case .here: (nil, "127.0.0.1")
            case .machine(let machine, let address): (machine, address)
            }
        var arguments = machine == nil ? ["run", "--detach"] : ["create"]
        arguments += ["--name", container(plan.id, name), "--hostname", name]
        arguments += ["--network", network(plan.id), "--ip", address, "--network-alias", name]
        // Engines take IPv6 off all of a container's interfaces that has no such address. Every machine has a `::1`.
        if MachineNetworks.haveIPv6 { arguments += ["--sysctl", "net.ipv6.conf.lo.disable_ipv6=0"] }
        if let address6 { arguments += ["--ip6", address6] }
        // Each interface answers for its own address alone.
        if configuration.site.secondInterface != nil {
            arguments += ["--sysctl", "net.ipv4.conf.all.arp_ignore=1", "--sysctl", "net.ipv4.conf.all.arp_announce=2"]
        }
        // What a node writes to its log is not to fill this machine's disk.
        arguments += ["--log-driver", "json-file", "--log-opt", "max-size=4m"]
        arguments += labels(plan, node: name, machine: machine)
        // Connections to published ports may be led to a node's loopback: `start-node` does that.
        if !node.ports.isEmpty { arguments += ["--sysctl", "net.ipv4.conf.all.route_localnet=1"] }
        for port in ports.publications {
            arguments += ["--publish", "\(publisher):\(port.hostPort):\(port.nodePort)/\(port.transport)"]
        }
        if case .here(let files) = site {
            arguments += ["--mount", "type=bind,source=\(files),target=\(DockerNodeFolder.target),readonly"]
            arguments += ["--mount", "type=bind,source=\(files)/\(DockerNodeFolder.hosts),target=/etc/hosts"]
        }
        // The node's first process gives all others ten seconds to end.
        arguments += ["--stop-timeout", "20"]
        for mount in plan.mounts {
            arguments += [
                "--mount",
                "type=bind,source=\(mount.source),target=\(mount.target)" + (mount.isReadOnly ? ",readonly" : ""),
            ]
        }
        arguments += shared(plan, node)
        if let processors = limits.processors {
            arguments += ["--cpus", "\(processors)"]
            let own = self.processors?.share(processors, plan.nodeNames.firstIndex(of: name) ?? 0)
            arguments += own.map { ["--cpuset-cpus", $0.description] } ?? []
        }
        if let memory = limits.memory { arguments += ["--memory", "\(memory)b"] }
        // On most storages an engine refuses it, and says so: `requireDiskLimits` has asked the others.
        if let disk = limits.disk { arguments += ["--storage-opt", "size=\(disk)"] }
        if let sharedMemory = limits.sharedMemory { arguments += ["--shm-size", "\(sharedMemory)b"] }
        // Those that nobody has asked for are set by start-node, which knows what the engine allows.
        for limit in ProcessLimit.all(limits) where limit.isHard {
            arguments += ["--ulimit", "\(limit.resource.name)=\(limit.soft ?? 0)"]
        }
        // A node's root sets up the node's own network, as on any machine.
        for name in Set(configuration.capabilities.compactMap(Capabilities.name) + ["NET_ADMIN"]).sorted() {
            arguments += ["--cap-add", name]
        }
        return arguments + [image, configure]
    }

    /// The word that has an image's entry point take over a node's files: the last of all.
    static let configure = "--configure"

    /// The cluster's own folders that all nodes share: volumes without a name, which the first node makes, with what its image has
    /// there, and the others take from it. The engine removes them with the last container that has them.
    private static func shared(_ plan: ClusterPlan, _ node: PlannedNode) -> [String] {
        let first = plan.nodes[0].name
        if node.name != first {
            return plan.sharedFolders.isEmpty ? [] : ["--volumes-from", container(plan.id, first)]
        }
        return plan.sharedFolders.flatMap { shared in
            let size = shared.size.map {
                ",volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=\($0)"
            }
            return ["--mount", "type=volume,target=\(shared.path)\(size ?? "")"]
        }
    }

    /// Runs a program in a container, as root, with its environment on every node.
    package static func execute(_ words: [String], in container: String) -> [String] {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return ["exec", "--interactive", "--user", "root", "--workdir", "/root", "--env", "HOME=/root", "--env", path]
            + [container] + words
    }
}
