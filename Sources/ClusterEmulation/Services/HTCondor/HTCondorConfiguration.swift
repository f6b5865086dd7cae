/// What HTCondor is told on one node, on top of what Debian tells it.
struct HTCondorConfiguration: Sendable {
    let layout: ClusterLayout
    let node: ClusterLayout.Node
    /// Whether the node runs jobs.
    let computes: Bool

    var text: String {
        (pool + network + daemons + slot + processes + pace).map { name, value in "\(name) = \(value)\n" }.joined()
            + "use FEATURE : PartitionableSlot\n"
    }

    private var domain: String { node.fqdn.drop { $0 != "." }.dropFirst().description }

    /// Users are the same on all nodes, and so are files where a folder is shared.
    private var pool: [(String, String)] {
        [
            ("UID_DOMAIN", domain), ("TRUST_UID_DOMAIN", "True"),
            ("SOFT_UID_DOMAIN", "True"), ("TRUST_DOMAIN", domain),
            ("FILESYSTEM_DOMAIN", layout.sharedFolders.isEmpty ? node.fqdn : domain),
            ("SEC_DEFAULT_AUTHENTICATION_METHODS", "FS, IDTOKENS"), ("ALLOW_WRITE", "*@\(domain)"),
        ]
    }

    /// A second interface is the one that daemons say they are reached at.
    private var network: [(String, String)] {
        guard let interface = layout.site.secondInterface else { return [("CONDOR_HOST", layout.login.fqdn)] }
        return [("CONDOR_HOST", "\(layout.login.name)-\(interface)"), ("NETWORK_INTERFACE", interface)]
    }

    private var daemons: [(String, String)] {
        var list = ["MASTER"]
        if node.name == layout.login.name { list += ["COLLECTOR", "NEGOTIATOR", "SCHEDD"] }
        if computes { list.append("STARTD") }
        return [("DAEMON_LIST", list.joined(separator: " "))]
    }

    /// One slot with all that the node may use; what has no limit is as much as HTCondor finds.
    private var slot: [(String, String)] {
        var settings: [(String, String)] = []
        if let processors = node.limits.processors { settings.append(("NUM_CPUS", "\(max(1, Int(processors)))")) }
        if let memory = node.limits.memory { settings.append(("MEMORY", "\(memory >> 20)")) }
        return settings
    }

    /// What a job has started is known by a group of the job's own, and ends with it, whatever its parents are: root of a container may
    /// not look at what users' processes have in their environment, which is HTCondor's other way to know them.
    private var processes: [(String, String)] {
        [("USE_GID_PROCESS_TRACKING", "True"), ("MIN_TRACKING_GID", "65300"), ("MAX_TRACKING_GID", "65399")]
    }

    /// Seconds. HTCondor's own are made for thousands of machines, and would have a job wait for a minute.
    private var pace: [(String, String)] {
        [
            ("NEGOTIATOR_INTERVAL", "1"), ("NEGOTIATOR_MIN_INTERVAL", "1"), ("NEGOTIATOR_CYCLE_DELAY", "0"),
            ("SCHEDD_INTERVAL", "1"), ("SCHEDD_MIN_INTERVAL", "1"), ("UPDATE_INTERVAL", "5"), ("POLLING_INTERVAL", "1"),
            ("CLASSAD_LIFETIME", "30"), ("RunBenchmarks", "0"),
            // What runs on a node that is drained may go on.
            ("MAXJOBRETIREMENTTIME", "86400"),
        ]
    }
}
