/// The folder with a node's files, which `start-node --configure` in the image copies to their places: `etc-ssh/` to
/// `/etc/ssh`, `sshd_config.d/` to the folder of that name in there, `etc-sudoers.d/` to `/etc/sudoers.d`, `root/` and `ubuntu/` to the users' `~/.ssh`; `hosts` to `/etc/hosts`,
/// over which `mounted-hosts` is mounted; `node` says whose files these are; `ports` has the published ones; those of `limits` are for `ulimit`; `files` lists the services' files, which are
/// in `file/` by their numbers; `shared` lists the folders of the cluster's own that its nodes share; `network` has a second interface's name and address; `rules` are the network's, for nft.
enum DockerNodeFolder {
    /// The folder of all nodes' folders, in the cluster's.
    static let place = "nodes"

    /// Where it is on the node.
    static let target = "/root/.cluster-fixture"

    /// The file that is a node's `/etc/hosts`. The engine's own would be written anew at each start.
    static let hosts = "mounted-hosts"

    /// Writes the folder and returns its path.
    static func write(
        _ plan: ClusterPlan, node: PlannedNode, in subnet: Subnet, files: NodeFiles
    ) throws -> String {
        let folder = try OwnFolder.ensured("\(plan.workspace.folder)/\(place)").make(node.name)
        var folders: [NodeFile.Place: OwnFolder] = [:]
        for place in [.etcSSH, .sshdSettings, .etcSudoers] + User.allCases.map({ NodeFile.Place.home($0) }) {
            folders[place] = try folder.make(place.folder)
        }
        for file in files.common + files.own(of: node.name) {
            try folders[file.place]?.write(file.text, to: file.name, mode: file.mode)
        }
        try folder.write(files.hosts, to: "hosts")
        try folder.write("", to: hosts, mode: 0o644)
        try folder.write("\(DockerArguments.container(plan.id, node.name))\n", to: "node")
        let ports = node.ports.map { "\($0.transport.rawValue) \($0.nodePort)\n" }
        try folder.write(ports.joined(), to: "ports")
        try folder.write(limits(node.limits), to: "limits")
        let numbered = try folder.make("file")
        let list = try node.files.enumerated().map { number, file in
            if let text = file.text { try numbered.write(text, to: "\(number)", mode: 0o600) }
            let kind = file.text == nil ? "folder" : "\(number)"
            return "\(kind) \(String(file.mode, radix: 8)) \(file.owner) \(file.path)\n"
        }
        try folder.write(list.joined(), to: "files")
        let shared = node.name == plan.nodes[0].name ? plan.sharedFolders : []
        try folder.write(shared.map { $0.path + "\n" }.joined(), to: "shared")
        try folder.write(network(plan, node.name, subnet), to: "network")
        try folder.write(rules(plan, node.name, subnet), to: "rules")
        return folder.path
    }

    /// Where what is in a folder is on the node, for those that hold secrets.
    static let targets = Dictionary(
        uniqueKeysWithValues: [
            (NodeFile.Place.etcSSH, "/etc/ssh"), (.sshdSettings, "/etc/ssh/sshd_config.d"),
            (.home(.root), "/root/.ssh"), (.home(.ubuntu), "/home/ubuntu/.ssh"),
        ].map { ($0.folder, $1) })

    /// The file in which a node notes that it has its files: `docker/start-node`.
    static let known = "/var/lib/cluster-fixture/node"

    /// The paths of the cluster's own folders that all nodes share, as the first node's folder has them.
    static func sharedFolders(in folder: OwnFolder) throws -> [String] {
        String(decoding: try folder.read("shared"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The paths of the services' files on the node of a folder.
    static func servicesFiles(in folder: OwnFolder) throws -> [String] {
        String(decoding: try folder.read("files"), as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3)
            return words.count == 4 && words[0] != "folder" ? String(words[3]) : nil
        }
    }

    /// The name and the address of an interface in the second network, if there is one.
    private static func network(_ plan: ClusterPlan, _ node: String, _ subnet: Subnet) -> String {
        guard let name = plan.configuration.site.secondInterface, let index = plan.nodeNames.firstIndex(of: node),
            let addresses = plan.secondAddresses(beside: subnet)
        else { return "" }
        return "\(name) \(addresses[index])/\(subnet.bits)\n"
    }

    /// The rules of the node's network, for nft.
    private static func rules(_ plan: ClusterPlan, _ node: String, _ subnet: Subnet) -> String {
        let (first, second) = (subnet.addresses(plan.nodes.count), plan.secondAddresses(beside: subnet) ?? [])
        let places = Dictionary(uniqueKeysWithValues: plan.nodeNames.enumerated().map { ($1, $0) })
        let networks = [subnet.description] + (second.isEmpty ? [] : [subnet.sibling.description])
        return PacketFilter.node(node, plan.conditions, networks: networks) { node in
            guard let index = places[node] else { return [] }
            return [first[index]] + second.dropFirst(index).prefix(1)
        }
    }

    /// Soft limits that nobody has asked for, as `ulimit -S` takes them, one a line.
    private static func limits(_ limits: NodeLimits) -> String {
        ProcessLimit.all(limits).compactMap { limit in
            guard !limit.isHard, let soft = limit.soft, let (sign, unit) = limit.resource.letter else { return nil }
            return "\(sign) \(soft / unit)\n"
        }.joined()
    }
}

extension NodeFile.Place {
    fileprivate var folder: String {
        switch self {
        case .etcSSH: "etc-ssh"
        case .sshdSettings: "sshd_config.d"
        case .etcSudoers: "etc-sudoers.d"
        case .home(let user): user.rawValue
        }
    }
}
