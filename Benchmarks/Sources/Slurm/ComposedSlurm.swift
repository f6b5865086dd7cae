import Foundation

/// Slurm as people get it on one machine now: docker compose with a service for the controller and one for each compute node.
///
/// The services, and what their entry points do, are those of giovtorres/slurm-docker-cluster, without its database: munged, then
/// slurmctld in the foreground; on compute nodes munged, then slurmd once slurmctld takes connections, for which they look again and
/// again. slurm.conf and the munge key are mounted. The image has what the library's nodes have: the node image and Debian's packages.
///
/// The first job is `srun` on all compute nodes, by `exec` in the controller's container, as often as it takes.
final class ComposedSlurm: Contender {
    let name: String
    private let workshop: Workshop
    private let compose: Compose
    private let image: SlurmImage
    private let subnet: String
    private let pause: String

    /// - Parameters:
    ///   - workshop: Whose names and folder it has.
    ///   - image: What the services are made of.
    ///   - subnet: The subnet of its network.
    ///   - pause: How many seconds a compute node waits before it looks for the controller again. There, and so in what people have, it
    ///     is 2.
    init(_ workshop: Workshop, _ image: SlurmImage, network subnet: String, lookingEach pause: String) {
        self.workshop = workshop
        self.image = image
        self.subnet = subnet
        self.pause = pause
        compose = Compose(workshop)
        name = "docker compose, looks each \(pause) s"
    }

    func whyNot() -> String? { compose.whyNot() }

    func setUp(nodes: Int) async throws -> Times {
        let names = (1...nodes).map { "c\($0)" }
        try write(computeNodes: names, image: image.name())
        var stopwatch = Stopwatch()
        try compose.run(["up", "--detach"])
        stopwatch.lap(.nodes)
        try runFirstJob(on: names)
        stopwatch.lap(.job)
        return stopwatch.times
    }

    func tearDown() async throws { try compose.run(["down", "--volumes"]) }

    private func runFirstJob(on names: [String]) throws {
        let end = ContinuousClock.now + .seconds(120)
        while true {
            do {
                let job = try compose.run(["exec", "-T", "slurmctld", "srun", "-N\(names.count)", "hostname"])
                guard job.split(whereSeparator: \.isNewline).map(String.init).sorted() == names.sorted() else {
                    throw Failure("the job printed \"\(job)\"")
                }
                return
            } catch  where ContinuousClock.now < end {
                usleep(50_000)
            }
        }
    }

    private var folder: String { workshop.folder + "/slurm" }

    private func write(computeNodes names: [String], image: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let key = (0..<128).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
        for (file, text) in [
            ("slurm.conf", Self.configuration(names)), ("cgroup.conf", "CgroupPlugin=cgroup/v1\n"),
            ("munge.key", key), ("entry-point", Self.entryPoint),
        ] {
            try text.write(toFile: "\(folder)/\(file)", atomically: false, encoding: .utf8)
        }
        let services = [service("slurmctld", image)] + names.map { service($0, image, after: "slurmctld") }
        try compose.write(
            """
            version: "2.4"
            services:
            \(services.joined(separator: "\n"))
            networks:
              default:
                labels: ["\(workshop.label)"]
                ipam: { config: [{ subnet: "\(subnet)" }] }

            """)
    }

    private func service(_ name: String, _ image: String, after other: String? = nil) -> String {
        """
          \(name):
            image: "\(image)"
            hostname: "\(name)"
            labels: ["\(workshop.label)"]
            entrypoint: ["bash", "/mounted/entry-point", "\(other == nil ? "slurmctld" : "slurmd")", "\(pause)"]
            volumes:
              - "\(folder):/mounted:ro"
              - "\(folder)/slurm.conf:/etc/slurm/slurm.conf:ro"
              - "\(folder)/cgroup.conf:/etc/slurm/cgroup.conf:ro"
            depends_on: [\(other ?? "")]
        """
    }
}

extension ComposedSlurm {
    /// What is done by `gosu` there is done by `setpriv`, which the image has.
    private static let entryPoint = """
        set -e
        install -d -o munge -g munge -m 755 /run/munge
        install -o munge -g munge -m 400 /mounted/munge.key /etc/munge/munge.key
        install -d -o slurm -g slurm /var/lib/slurm /var/lib/slurm/slurmctld /var/log/slurm
        install -d /var/lib/slurm/slurmd
        setpriv --reuid munge --regid munge --clear-groups munged
        if [ "$1" = slurmctld ]; then exec setpriv --reuid slurm --regid slurm --clear-groups slurmctld -i -D; fi
        until 2>/dev/null >/dev/tcp/slurmctld/6817; do sleep "$2"; done
        exec slurmd -D

        """

    /// There is nothing in it that would make Slurm slower than it has to be.
    private static func configuration(_ names: [String]) -> String {
        """
        ClusterName=linux
        SlurmctldHost=slurmctld
        SlurmUser=slurm
        AuthType=auth/munge
        StateSaveLocation=/var/lib/slurm/slurmctld
        SlurmdSpoolDir=/var/lib/slurm/slurmd
        SlurmctldPidFile=/run/slurmctld.pid
        SlurmdPidFile=/run/slurmd.pid
        SlurmctldLogFile=/var/log/slurm/slurmctld.log
        SlurmdLogFile=/var/log/slurm/slurmd.log
        ProctrackType=proctrack/linuxproc
        TaskPlugin=task/none
        MpiDefault=none
        SelectType=select/cons_tres
        SelectTypeParameters=CR_CPU_Memory
        SchedulerType=sched/backfill
        ReturnToService=2
        NodeName=\(names.joined(separator: ",")) RealMemory=1000 State=UNKNOWN
        PartitionName=normal Default=yes Nodes=\(names.joined(separator: ",")) DefMemPerCPU=500 MaxTime=INFINITE State=UP

        """
    }
}
