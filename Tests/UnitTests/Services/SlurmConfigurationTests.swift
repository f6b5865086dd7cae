import ClusterEmulation
import Testing

/// What slurm.conf says of a cluster's nodes, and what is refused before anything starts.
@Suite struct SlurmConfigurationTests {
    private static let small = NodeLimits(processors: 1.5, memory: 1 << 30)

    private func lines(_ slurm: Slurm, roles: [NodeRole], site: Site = .open) throws -> [String] {
        try configuration(slurm, roles: roles, site: site).text.split(separator: "\n").map(String.init)
    }

    private func configuration(_ slurm: Slurm, roles: [NodeRole], site: Site = .open) throws -> SlurmConfiguration {
        var configuration = ClusterConfiguration(nodes: roles.isEmpty ? 2 : 1, roles: roles, name: "lab")
        configuration.site = site
        return try SlurmConfiguration(slurm, for: try ClusterPlan(configuration).layout)
    }

    @Test func nodesHaveWhatTheirLimitsSay() throws {
        let lines = try lines(
            .slurm(),
            roles: [.login, .compute(2, limits: Self.small), NodeRole("gpu", limits: NodeLimits(processors: 0.5))])
        #expect(lines.contains("SlurmctldHost=login1"))
        #expect(lines.contains("NodeName=compute1 CPUs=1 RealMemory=1024"))
        #expect(lines.contains("NodeName=compute2 CPUs=1 RealMemory=1024"))
        // Partitions are of the compute nodes.
        #expect(!lines.contains { $0.hasPrefix("NodeName=gpu1") })
        #expect(
            lines.last
                == "PartitionName=normal Nodes=compute1,compute2 DefMemPerCPU=1024 Default=YES MaxTime=INFINITE")
    }

    @Test func limitsBecomeWholeProcessorsAndMebibytes() {
        #expect(SlurmConfiguration.resources(NodeLimits(processors: 0.5, memory: 1)) == (1, 1))
        #expect(SlurmConfiguration.resources(NodeLimits(processors: 3.9, memory: 5 << 30)) == (3, 5120))
        let machine = SlurmConfiguration.resources(.none)
        #expect(machine.processors >= 1 && machine.memory > 512)
    }

    @Test func withoutRolesTheFirstNodeDoesBoth() throws {
        let configuration = try configuration(.slurm(), roles: [])
        #expect(configuration.controller == "node1")
        #expect(configuration.computeNodes.map(\.name) == ["node1", "node2"])
        #expect(configuration.allNodes == ["node1", "node2"])
    }

    @Test func everyLoginNodeSubmits() throws {
        let configuration = try configuration(
            .slurm(), roles: [.login(2), .compute(1), NodeRole("storage")], site: Site(submitsOnCompute: false))
        #expect(configuration.allNodes == ["login1", "login2", "compute1"])
        #expect(configuration.text.contains(" AllocNodes=login1,login2\n"))
    }

    @Test func partitionsHaveTheirNodesAndSettings() throws {
        let slurm = Slurm.slurm(partitions: [
            SlurmPartition("short", on: .node("compute1"), timeLimit: .seconds(61)),
            SlurmPartition("gpu", on: .role("gpu"), .node("compute1"), settings: ["MaxNodes": "1", "maxtime": "5"]),
            SlurmPartition("one", on: .role("gpu")),
        ])
        let configuration = try configuration(
            slurm,
            roles: [
                .login, .compute(2, limits: NodeLimits(processors: 2, memory: 1 << 30)),
                NodeRole("gpu", limits: Self.small),
            ])
        let lines = configuration.text.split(separator: "\n").map(String.init)
        #expect(
            lines.suffix(3) == [
                "PartitionName=short Nodes=compute1 DefMemPerCPU=512 Default=YES MaxTime=2",
                "PartitionName=gpu Nodes=compute1,gpu1 DefMemPerCPU=512 MaxNodes=1 maxtime=5",
                "PartitionName=one Nodes=gpu1 DefMemPerCPU=1024 MaxTime=INFINITE",
            ])
        #expect(!lines.contains { $0.hasPrefix("NodeName=compute2") })
        #expect(configuration.allNodes == ["login1", "compute1", "gpu1"])
        #expect(configuration.coveringPartitions.map { "\($0.name)=\($0.nodes)" } == ["short=1", "gpu=2"])
    }

    @Test func settingsGoBefore() throws {
        let lines = try lines(
            .slurm(settings: ["killwait": "2", "slurmdtimeout": "300"]), roles: [.login, .compute(1)])
        #expect(lines.filter { $0.lowercased().hasPrefix("slurmdtimeout=") } == ["slurmdtimeout=300"])
        #expect(lines.contains("killwait=2"))
        #expect(lines.contains("AccountingStorageType=accounting_storage/none"))
    }

    @Test func aSecondNetworkIsSlurms() throws {
        let lines = try lines(
            .slurm(accounting: true), roles: [.login, .compute(1, limits: Self.small)],
            site: Site(secondInterface: "ib0"))
        #expect(lines.contains("SlurmctldHost=login1(login1-ib0)"))
        #expect(lines.contains("NodeName=compute1 NodeAddr=compute1-ib0 CPUs=1 RealMemory=1024"))
        #expect(lines.contains("AccountingStorageHost=login1"))
    }

    @Test func everyClusterHasAKeyOfItsOwn() throws {
        let layout = try ClusterPlan(ClusterConfiguration(nodes: 2)).layout
        let plans = try (0..<2).map { _ in try Slurm.slurm(accounting: true).plan(for: layout) }
        let keys = plans.map { plan in plan.files.first { $0.path == "/etc/munge/munge.key" } }
        #expect(keys[0]?.text?.count == 128 && keys[0]?.mode == 0o400 && keys[0]?.owner == "munge")
        #expect(keys[0] != keys[1])
        let database = plans[0].files.first { $0.path == "/etc/slurm/slurmdbd.conf" }
        #expect(database?.nodes == ["node1"] && database?.mode == 0o600)
        // Firewalls let these through.
        #expect(plans[0].openPorts == [6817...6819, 60001...60999])
        #expect(plans[0].files[0].text?.contains("\nSrunPortRange=60001-60999\n") == true)
    }

    @Test(
        arguments: [
            (Slurm.slurm(partitions: []), "There is no partition."),
            (.slurm(partitions: [SlurmPartition("a b")]), "\"a b\""),
            (.slurm(partitions: [SlurmPartition("default")]), "\"default\""),
            (.slurm(partitions: [SlurmPartition("a"), SlurmPartition("A")]), "Two partitions are called A."),
            (.slurm(partitions: [SlurmPartition("a", on: .node("compute9"))]), "no node \"compute9\""),
            (.slurm(partitions: [SlurmPartition("a", timeLimit: .zero)]), "The time limit of the partition a"),
            (.slurm(partitions: [SlurmPartition("a", settings: ["x y": "1"])]), "\"x y\""),
            (.slurm(settings: ["KillWait": "1\nNodeName=x"]), "KillWait"),
            (.slurm(settings: ["KillWait": "1 # not"]), "KillWait"),
            (.slurm(settings: ["KillWait": ""]), "KillWait"),
            (.slurm(settings: ["NodeName": "x"]), "NodeName can't be set"),
            (.slurm(settings: ["KillWait": "1", "killwait": "2"]), "is there twice"),
        ] as [(Slurm, String)])
    func whatCantBeIsRefused(slurm: Slurm, cause: String) {
        let error = #expect(throws: ClusterError.self) {
            try ClusterPlan(ClusterConfiguration(roles: [.login, .compute(2)], services: [slurm]))
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("Service slurm: ") == true)
        #expect(error?.message.contains(cause) == true, "\(error?.message ?? "")")
    }
}
