/// A partition of Slurm's: some of the compute nodes, and what jobs may do on them.
public struct SlurmPartition: Sendable, Hashable {
    /// Its name: 1 to 32 letters, digits, underscores and hyphens.
    public var name: String
    /// Where its nodes are; all compute nodes unless you say otherwise.
    public var placements: [Placement]
    /// How long a job may take; nil is as long as it likes. Slurm counts whole minutes, and rounds up.
    public var timeLimit: Duration?
    /// Its other settings, as slurm.conf(5) has them, such as `["MaxNodes": "1"]`.
    public var settings: [String: String]

    /// Describes a partition.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - placements: Where its nodes are, such as `.role("gpu")`; all compute nodes unless you say otherwise.
    ///   - timeLimit: How long a job may take; nil is as long as it likes.
    ///   - settings: Its other settings, such as `["MaxNodes": "1"]`.
    public init(
        _ name: String, on placements: Placement..., timeLimit: Duration? = nil, settings: [String: String] = [:]
    ) {
        self.name = name
        self.placements = placements.isEmpty ? [.compute] : placements
        self.timeLimit = timeLimit
        self.settings = settings
    }
}

extension SlurmPartition {
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    func validate() throws {
        guard name.wholeMatch(of: /[A-Za-z0-9_\-]{1,32}/) != nil, name.lowercased() != "default" else {
            throw PlannedService.invalid(
                "A partition can't be called \"\(ClusterConfiguration.printable(name))\": use 1 to 32 letters, digits, underscores and hyphens."
            )
        }
        if let timeLimit, timeLimit <= .zero {
            throw PlannedService.invalid("The time limit of the partition \(name) is not positive.")
        }
        try SlurmConfiguration.validate(settings, of: "the partition \(name)")
    }
}
