/// What can be broken on purpose of a backend's clusters, and what can't: known from what their type conforms to, before there are any.
struct FaultSupport: Sendable {
    let can: [String]
    /// What can't be, and why not.
    let cannot: [String]

    init(of backend: any Backend) {
        let kind = backend.clusterType
        if kind is any ExistingNodes.Type {
            (can, cannot) = ([], ["anything (the machines are there for others too)"])
            return
        }
        var (can, cannot): ([String], [String]) = ([], [])
        func list(_ what: String, _ isThere: Bool, _ reason: String) {
            if isThere { can.append(what) } else { cannot.append("\(what) (\(reason))") }
        }
        list("kill, stop, start", kind is any NodePower.Type, "no node can be switched off by itself")
        list("pause", kind is any NodePausing.Type, "no node can be frozen")
        list("network", kind is any NetworkShaping.Type, "nothing can be done to the network")
        // By scripts on the node.
        can += ["ssh", "clock", "names"]
        list("full disk", kind is any DiskShaping.Type, "nodes write to the engine's own disk")
        list("read-only disk", kind is any DiskProtecting.Type, "containers may not mount")
        list("reset", kind is any NodeResetting.Type, "no node can be made as new")
        cannot.append("slow or failing disk (it would take a block device)")
        (self.can, self.cannot) = (can, cannot)
    }

    var words: String {
        ([can.joined(separator: ", ")] + (cannot.isEmpty ? [] : ["not " + cannot.joined(separator: ", ")]))
            .filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
