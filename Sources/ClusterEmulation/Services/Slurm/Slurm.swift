/// Slurm, of the distribution's packages: a controller on the login node, and a `slurmd` on every compute node.
///
/// `sbatch`, `srun`, `salloc`, `squeue`, `scancel`, `scontrol` and `sinfo` work on all of its nodes, for both users. Without the role `login`
/// the controller is on the first node, which computes as well. A node has as many processors and as much memory for jobs as its
/// limits say, in whole processors and MiB, and without limits what this machine has.
///
/// ```swift
/// let fixture = ClusterFixture(roles: [.login, .compute(3)], services: [.slurm(), .sharedFolder("/home")])
/// ```
///
/// A job's output is written on the node where it runs: programs that read it elsewhere want a shared folder. Jobs are found by their
/// processes (`proctrack/linuxproc`): what makes itself independent of its parents is not ended with the job. What a job may use of
/// memory is looked at once a second, and a job that has used more ends as `FAILED`; with Docker that needs the capability
/// `SYS_PTRACE`.
public struct Slurm: Service {
    /// `slurm`.
    public let name = "slurm"
    /// Its partitions, the default one first.
    public let partitions: [SlurmPartition]
    /// Whether jobs are recorded in a database, for `sacct` and `sacctmgr`.
    public let accounting: Bool
    /// Whether the commands of PBS are there as well: `qsub`, `qstat`, `qdel`, `qhold`, `qrls`, `pbsnodes`.
    public let pbsCommands: Bool
    /// Settings of slurm.conf that go before what is there without them.
    public let settings: [String: String]
    /// How long it may take from its start until a job has run on every compute node.
    public let readyWithin: Duration
}

extension Service where Self == Slurm {
    /// Slurm, with its controller on the login node.
    ///
    /// - Parameters:
    ///   - partitions: Its partitions, the default one first; one unless you say otherwise, `normal`, with all compute nodes.
    ///   - accounting: Whether jobs are recorded in a database (MariaDB and slurmdbd on the controller's node), for `sacct` and
    ///     `sacctmgr`. It makes the image larger, and the start half a second longer.
    ///   - pbsCommands: Whether there are commands of PBS as well, which Slurm's own makers have written in terms of Slurm: `qsub`, `qstat`,
    ///     `qdel`, `qhold`, `qrls`, `pbsnodes`. They are not PBS: jobs go to Slurm, read `#PBS` and find the variables `PBS_…`, and what
    ///     Slurm has no word for is refused. Grid Engine's commands have the same names, so that it can't be on the same nodes.
    ///   - settings: Settings of slurm.conf(5), such as `["KillWait": "2"]`, that go before what is there without them. Slurm itself
    ///     refuses those that it doesn't know.
    ///   - readyWithin: How long it may take until a job has run on every compute node; a minute unless you say otherwise.
    /// - Returns: The service.
    public static func slurm(
        partitions: [SlurmPartition] = [SlurmPartition("normal")], accounting: Bool = false,
        pbsCommands: Bool = false, settings: [String: String] = [:], readyWithin: Duration = .seconds(60)
    ) -> Slurm {
        Slurm(
            partitions: partitions, accounting: accounting, pbsCommands: pbsCommands, settings: settings,
            readyWithin: readyWithin)
    }
}

extension Slurm {
    /// Grid Engine, where there are the commands of PBS.
    public var conflicts: [String] { pbsCommands ? ["grid-engine"] : [] }

    /// The image with Slurm's packages.
    public func image(_ image: NodeImage) -> NodeImage {
        image.adding(
            packages: ["munge", "slurm-client", "slurmctld", "slurmd"]
                + (accounting ? ["mariadb-server", "slurmdbd"] : []) + (pbsCommands ? ["slurm-wlm-torque"] : []))
    }

    /// Its nodes are those that log in and those of its partitions; a fresh munge key is theirs alone.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` for partitions and settings that there can't be.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let configuration = try SlurmConfiguration(self, for: layout)
        var files = [
            ServiceFile("/etc/slurm/slurm.conf", configuration.text),
            ServiceFile("/etc/slurm/cgroup.conf", SlurmConfiguration.controlGroups),
            // As many digits as munge's own keys have bytes.
            ServiceFile("/etc/munge/munge.key", RandomDigits.hexadecimal(128), mode: 0o400, owner: "munge"),
        ]
        if pbsCommands {
            files.append(ServiceFile("/etc/slurm/plugstack.conf", "required spank_pbs.so\n"))
            files.append(
                ServiceFile(SlurmConfiguration.pbsProlog, SlurmConfiguration.pbsPrologText, mode: 0o755))
        }
        if accounting {
            files.append(
                ServiceFile(
                    "/etc/slurm/slurmdbd.conf", configuration.databaseText, mode: 0o600, owner: "slurm",
                    nodes: [configuration.controller]))
        }
        return ServicePlan(
            on: configuration.allNodes, files: files,
            logs: ["slurm/slurmctld.log", "slurm/slurmdbd.log", "slurm/slurmd.log", "munge/munged.log"].map {
                "/var/log/\($0)"
            },
            openPorts: SlurmConfiguration.ports)
    }
}
