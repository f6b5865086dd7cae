import ClusterEmulation

extension ServiceKind {
    /// With its partitions, whether it keeps accounts, and settings of slurm.conf.
    static let slurm = ServiceKind("slurm") { entry in
        var slurm = SlurmOptions()
        try entry?.read(Field<SlurmOptions>.slurm, into: &slurm)
        return .slurm(
            partitions: slurm.partitions, accounting: slurm.accounting, pbsCommands: slurm.pbsCommands,
            settings: slurm.settings)
    }

    /// With the number of jobs that a node runs at once.
    static let gridEngine = ServiceKind("gridEngine") { entry in
        var slots: Int?
        let field = Field<Int?>("slots") { entry, slots in
            slots = try entry.integer()
            if slots ?? 1 < 1 { throw entry.refusal("a node has at least 1 slot.") }
        }
        try entry?.read([field], into: &slots)
        return .gridEngine(slots: slots)
    }

    /// It is given nothing.
    static let htCondor = ServiceKind("htCondor") { entry in
        if let entry { throw entry.refusal("htCondor has no settings: leave them out.") }
        return .htCondor()
    }
}

struct SlurmOptions {
    var partitions = [SlurmPartition("normal")]
    var accounting = false
    var pbsCommands = false
    var settings: [String: String] = [:]
}

extension Field<SlurmOptions> {
    static var slurm: [Field] {
        [
            Field("accounting") { entry, slurm in slurm.accounting = try entry.truth() },
            Field("pbsCommands") { entry, slurm in slurm.pbsCommands = try entry.truth() },
            Field("settings") { entry, slurm in slurm.settings = try entry.texts() },
            Field("partitions") { entry, slurm in slurm.partitions = try entry.list().map { try $0.partition() } },
        ]
    }
}

extension Field<SlurmPartition> {
    static var partition: [Field] {
        [
            Field("name") { entry, partition in partition.name = try entry.text() },
            Field("nodes") { entry, partition in partition.placements = try entry.list().map { try $0.placement() } },
            // In seconds.
            Field("timeLimit") { entry, partition in partition.timeLimit = .seconds(try entry.number()) },
            Field("settings") { entry, partition in partition.settings = try entry.texts() },
        ]
    }
}

extension Entry {
    fileprivate func partition() throws -> SlurmPartition {
        var partition = SlurmPartition("")
        guard isMapping else { return SlurmPartition(try text()) }
        try read(Field<SlurmPartition>.partition, into: &partition)
        guard !partition.name.isEmpty else { throw refusal("\(name) has no name.") }
        return partition
    }
}
