import Foundation

/// What Slurm is told by its files, slurm.conf(5) above all.
package struct SlurmConfiguration: Sendable {
    /// The node that `slurmctld` runs on, and the database.
    package let controller: String
    /// The nodes that run jobs.
    package let computeNodes: [ClusterLayout.Node]
    /// The nodes that Slurm is on.
    package let allNodes: [String]
    /// The partitions that together have all compute nodes, each with the number of its nodes.
    package let coveringPartitions: [(name: String, nodes: Int)]

    private let slurm: Slurm
    private let layout: ClusterLayout
    private let partitions: [(partition: SlurmPartition, nodes: [String])]

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    package init(_ slurm: Slurm, for layout: ClusterLayout) throws {
        self.slurm = slurm
        self.layout = layout
        guard !slurm.partitions.isEmpty else { throw PlannedService.invalid("There is no partition.") }
        try Self.validate(slurm.settings, of: "Slurm")
        var covering: [(name: String, nodes: Int)] = []
        var partitions: [(partition: SlurmPartition, nodes: [String])] = []
        var covered = Set<String>()
        for partition in slurm.partitions {
            try partition.validate()
            guard !partitions.contains(where: { $0.partition.name.lowercased() == partition.name.lowercased() }) else {
                throw PlannedService.invalid("Two partitions are called \(partition.name).")
            }
            let chosen = Set(try partition.placements.flatMap { try layout.nodes($0) }.map(\.name))
            partitions.append((partition, layout.nodes.map(\.name).filter(chosen.contains)))
            if !chosen.isSubset(of: covered) { covering.append((partition.name, chosen.count)) }
            covered.formUnion(chosen)
        }
        self.partitions = partitions
        coveringPartitions = covering
        controller = layout.login.name
        computeNodes = layout.nodes.filter { covered.contains($0.name) }
        let login = layout.login
        allNodes = layout.nodes.filter { node in
            node == login || node.role == NodeRole.loginName || covered.contains(node.name)
        }.map(\.name)
    }

    /// What `node` is reached by in the network that Slurm uses.
    package func address(of node: String) -> String {
        layout.site.secondInterface.map { "\(node)-\($0)" } ?? node
    }

    /// slurm.conf.
    package var text: String {
        let nodes = computeNodes.map { node in
            let (processors, memory) = Self.resources(node.limits)
            let address = layout.site.secondInterface == nil ? "" : " NodeAddr=\(address(of: node.name))"
            return "NodeName=\(node.name)\(address) CPUs=\(processors) RealMemory=\(memory)"
        }
        return (Self.lines(general, slurm.settings) + nodes + partitions.indices.map(partitionLine))
            .map { $0 + "\n" }.joined()
    }

    private var general: [(String, String)] {
        let address = layout.site.secondInterface == nil ? "" : "(\(address(of: controller)))"
        return [
            ("ClusterName", layout.name),
            ("SlurmctldHost", controller + address),
            ("SlurmUser", "slurm"),
            ("AuthType", "auth/munge"),
            ("StateSaveLocation", "/var/lib/slurm/slurmctld"),
            ("SlurmdSpoolDir", "/var/lib/slurm/slurmd"),
            ("SlurmctldPidFile", "/run/slurmctld.pid"),
            ("SlurmdPidFile", "/run/slurmd.pid"),
            ("SlurmctldLogFile", "/var/log/slurm/slurmctld.log"),
            ("SlurmdLogFile", "/var/log/slurm/slurmd.log"),
            ("MailProg", "/usr/bin/true"),
            // Nodes have no control groups of their own to give to jobs.
            ("ProctrackType", "proctrack/linuxproc"),
            ("TaskPlugin", "task/none"),
            ("JobAcctGatherType", "jobacct_gather/linux"),
            ("JobAcctGatherFrequency", "task=1"),
            ("JobAcctGatherParams", "OverMemoryKill"),
            ("MpiDefault", "none"),
            ("SelectType", "select/cons_tres"),
            ("SelectTypeParameters", "CR_CPU_Memory"),
            // Limits may say more than there is: what a node has is what is written here.
            ("SlurmdParameters", "config_overrides"),
            ("SchedulerType", "sched/backfill"),
            ("SchedulerParameters", "batch_sched_delay=0,sched_interval=1"),
            // slurmctld looks for jobs to start once a second, and whenever an epilog has ended: with one, those that wait for a job, or
            // for its place, start at once. It also reads SchedulerParameters only then, or three seconds after its start.
            ("Epilog", "/usr/bin/true"),
            ("ReturnToService", "2"),
            ("SlurmdTimeout", "30"),
            // A job's record is there as long as the cluster.
            ("MinJobAge", "86400"),
            ("SrunPortRange", "\(Self.commandPorts.lowerBound)-\(Self.commandPorts.upperBound)"),
        ]
            + (slurm.accounting
                ? [("AccountingStorageType", "accounting_storage/slurmdbd"), ("AccountingStorageHost", controller)]
                : [("AccountingStorageType", "accounting_storage/none")])
            // It gives jobs the environment that PBS would.
            + (slurm.pbsCommands ? [("JobSubmitPlugins", "pbs"), ("TaskProlog", Self.pbsProlog)] : [])
    }

    private func partitionLine(_ index: Int) -> String {
        let (partition, nodes) = partitions[index]
        let perProcessor = computeNodes.filter { nodes.contains($0.name) }.map { node in
            let (processors, memory) = Self.resources(node.limits)
            return memory / processors
        }
        // Without it a job gets all of a node's memory, and one job fits.
        var settings = [
            ("Nodes", nodes.joined(separator: ",")), ("DefMemPerCPU", "\(max(perProcessor.min() ?? 1, 1))"),
        ]
        if index == 0 { settings.append(("Default", "YES")) }
        settings.append(("MaxTime", partition.timeLimit.map { "\(Self.minutes($0))" } ?? "INFINITE"))
        if !layout.site.submitsOnCompute {
            let login = layout.nodes.filter { $0.role == NodeRole.loginName }
            let names = (login.isEmpty ? [layout.login] : login).map(\.name)
            settings.append(("AllocNodes", names.joined(separator: ",")))
        }
        return "PartitionName=\(partition.name) "
            + Self.lines(settings, partition.settings).joined(separator: " ")
    }

    /// Where `srun` and `salloc` are told what happens to their jobs.
    private static let commandPorts = 60001...60999

    /// Slurm's ports: slurmctld's, slurmd's and slurmdbd's, and its commands'.
    package static let ports = [6817...6819, commandPorts]

    /// cgroup.conf: the one word of the sort that each of Debian's releases knows, and with which none looks for any.
    package static let controlGroups = "CgroupPlugin=cgroup/v1\n"

    /// What is run before a job's script and before each of its tasks, and says what goes into their environment.
    package static let pbsProlog = "/etc/slurm/pbs-task-prolog"
    package static let pbsPrologText = """
        #!/bin/sh
        [ -n "$PBS_NODEFILE" ] || echo "export PBS_NODEFILE=$(generate_pbs_nodefile)"

        """

    /// slurmdbd.conf. The database's user is known by the system, without a password.
    package var databaseText: String {
        """
        DbdHost=\(controller)
        SlurmUser=slurm
        AuthType=auth/munge
        StorageType=accounting_storage/mysql
        StorageHost=localhost
        StorageUser=slurm
        StorageLoc=slurm_acct_db
        LogFile=/var/log/slurm/slurmdbd.log
        PidFile=/run/slurmdbd/slurmdbd.pid

        """
    }
}

extension SlurmConfiguration {
    /// What jobs get of a node: whole processors, at least one, and memory in MiB.
    package static func resources(_ limits: NodeLimits) -> (processors: Int, memory: Int) {
        let machine = ProcessInfo.processInfo
        let processors = limits.processors.map { Int($0) } ?? machine.activeProcessorCount
        let memory = limits.memory ?? Int(machine.physicalMemory)
        return (max(processors, 1), max(memory >> 20, 1))
    }

    private static func minutes(_ duration: Duration) -> Int { Int((duration / .seconds(60)).rounded(.up)) }

    /// `NAME=VALUE` for each setting: those given as they are, unless a user says otherwise, and what a user says besides.
    private static func lines(_ settings: [(String, String)], _ own: [String: String]) -> [String] {
        let replaced = Set(own.keys.map { $0.lowercased() })
        return settings.filter { !replaced.contains($0.0.lowercased()) }.map { "\($0)=\($1)" }
            + own.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
    }

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` for what would be another line, or part of one.
    static func validate(_ settings: [String: String], of owner: String) throws {
        var names = Set<String>()
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9]*/) != nil, names.insert(name.lowercased()).inserted else {
                throw PlannedService.invalid(
                    "\"\(ClusterConfiguration.printable(name))\" is not the name of a setting of \(owner)'s, or is there twice."
                )
            }
            if ["nodename", "partitionname", "include", "clustername", "slurmctldhost"].contains(name.lowercased()) {
                throw PlannedService.invalid("\(name) can't be set: the cluster's nodes, roles and partitions say it.")
            }
            guard !value.isEmpty,
                !value.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 || $0 == "#" })
            else {
                throw PlannedService.invalid(
                    "The setting \(name) of \(owner) can't be \"\(ClusterConfiguration.printable(value))\".")
            }
        }
    }
}
