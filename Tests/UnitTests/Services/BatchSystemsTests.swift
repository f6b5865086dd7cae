import ClusterEmulation
import Testing

/// What is written for Grid Engine and HTCondor, and what is read of them.
@Suite struct BatchSystemsTests {
    private func plan(_ service: any Service, site: Site = .open) throws -> ClusterPlan {
        var configuration = ClusterConfiguration(
            roles: [.login, .compute(2, limits: NodeLimits(processors: 2.5, memory: 1 << 30))], services: [service],
            name: "lab")
        configuration.site = site
        return try ClusterPlan(configuration)
    }

    private func file(_ end: String, of node: String, in plan: ClusterPlan) throws -> ServiceFile? {
        try #require(plan.nodes.first { $0.name == node }).files.first { $0.path.hasSuffix(end) }
    }

    private func lines(_ end: String, of node: String, in plan: ClusterPlan) throws -> [String] {
        let file = try #require(try file(end, of: node, in: plan))
        return (file.text ?? "").split(separator: "\n").map(String.init)
    }

    @Test func gridEnginesQueueHasTheComputeNodesAndTheirSlots() throws {
        let plan = try plan(.gridEngine())
        let queue = try lines("/cqueues/all.q", of: "login1", in: plan)
        #expect(queue.contains("hostlist compute1.lab.test compute2.lab.test"))
        #expect(queue.contains("slots 1,[compute1.lab.test=2],[compute2.lab.test=2]"))
        #expect(queue.contains("h_vmem INFINITY"))
        #expect(try lines("/act_qmaster", of: "compute2", in: plan) == ["login1.lab.test"])
        #expect(try file("/cqueues/all.q", of: "compute1", in: plan) == nil)
        let given = try lines("/cqueues/all.q", of: "login1", in: self.plan(.gridEngine(slots: 7)))
        #expect(given.contains("slots 1,[compute1.lab.test=7],[compute2.lab.test=7]"))
        #expect(throws: ClusterError.self) { try self.plan(.gridEngine(slots: 0)) }
    }

    @Test func computeNodesSubmitJobsUnlessTheSiteForbidsIt() throws {
        let open = try plan(.gridEngine())
        #expect(try file("/submit_hosts/compute1.lab.test", of: "login1", in: open) != nil)
        let closed = try plan(.gridEngine(), site: Site(submitsOnCompute: false))
        #expect(try file("/submit_hosts/compute1.lab.test", of: "login1", in: closed) == nil)
        #expect(try file("/submit_hosts/login1.lab.test", of: "login1", in: closed) != nil)
        #expect(try file("/admin_hosts/compute1.lab.test", of: "login1", in: closed) != nil, "its execd reports")
    }

    @Test func htcondorsNodesHaveWhatTheirLimitsSay() throws {
        let plan = try plan(.htCondor())
        let compute = try lines("/50-cluster-fixture", of: "compute1", in: plan)
        #expect(compute.contains("CONDOR_HOST = login1.lab.test") && compute.contains("DAEMON_LIST = MASTER STARTD"))
        #expect(compute.contains("NUM_CPUS = 2") && compute.contains("MEMORY = 1024"))
        #expect(compute.contains("FILESYSTEM_DOMAIN = compute1.lab.test"), "files are its own")
        let login = try lines("/50-cluster-fixture", of: "login1", in: plan)
        #expect(login.contains("DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD"))
        let shared = try ClusterPlan(
            ClusterConfiguration(nodes: 1, services: [.htCondor(), .sharedFolder("/home")], name: "lab"))
        let only = try lines("/50-cluster-fixture", of: "node1", in: shared)
        #expect(only.contains("DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD"))
        #expect(only.contains("FILESYSTEM_DOMAIN = lab.test"))
    }

    @Test func htcondorsKeyIsFreshAndRootsAlone() throws {
        let keys = try (0..<2).map { _ in
            let plan = try plan(.htCondor())
            let key = try #require(try file("/POOL", of: "login1", in: plan))
            #expect(key.mode == 0o600 && key.owner == "root" && key.text?.count == 64)
            #expect(try file("/POOL", of: "compute2", in: plan)?.text == key.text)
            return key.text
        }
        #expect(keys[0] != keys[1])
    }

    @Test func qstatsListingIsRead() {
        let listing = """
            <?xml version='1.0'?>
            <job_info  xmlns:xsd="http://example.org/qstat.xsd">
              <queue_info>
                <job_list state="running">
                  <JB_job_number>3</JB_job_number>
                  <JB_name>sleep</JB_name>
                  <JB_owner>ubuntu</JB_owner>
                  <state>dr</state>
                  <queue_name>all.q@node2.lab.test</queue_name>
                  <slots>1</slots>
                </job_list>
              </queue_info>
              <job_info>
                <job_list state="pending">
                  <JB_job_number>4</JB_job_number>
                  <JB_name>a%lt;b</JB_name>
                  <JB_owner>ubuntu</JB_owner>
                  <state>hqw</state>
                  <queue_name></queue_name>
                </job_list>
              </job_info>
            </job_info>
            """
        let jobs = GridEngineRecords.queue(listing)
        #expect(jobs.map(\.id) == ["3", "4"] && jobs.map(\.name) == ["sleep", "a<b"])
        #expect(jobs.map(\.state) == [.running, .held] && jobs.map(\.nodes) == [["node2"], []])
        #expect(["qw", "t", "Eqw", "Rr"].map(GridEngineRecords.state) == [.pending, .running, .failed, .running])
        #expect(GridEngineRecords.queue("").isEmpty)
    }

    private static let rest =
        ":0:0:0:0.003:0.002:5016.0:0:0:0:0:613:0:0:0.0:16:0:0:0:16:10:NONE:defaultdepartment"
        + ":NONE:1:0:0.005568:0.0:0.0:NONE:0.0:NONE:0.0:0:0"
    private static let done = "all.q:node3.lab.test:ubuntu:ubuntu:name:2:sge:0:10:11:12:0:0" + rest
    private static let killed = "all.q:node3.lab.test:ubuntu:ubuntu:name:2:sge:0:10:11:12:100:137" + rest
    private static let deleted =
        "1:job_log:1:deleted:2:0:NONE:r:root:login1.lab.test:0:1024:10:name:ubuntu:ubuntu::defaultdepartment:sge"
        + ":job deleted"
    private static let byScheduler = deleted.replacing("job deleted", with: "job deleted by scheduler")

    @Test func theRecordsOfAJobTellHowItEnded() {
        #expect(GridEngineRecords.ended("2", "") == nil)
        let job = GridEngineRecords.ended("2", Self.done)
        #expect(job?.state == .completed && job?.exitCode == 0 && job?.nodes == ["node3"] && job?.name == "name")
        let failed = Self.done.replacing(":0:0:0:0:0:0.003", with: ":0:3:0:0:0:0.003")
        #expect(GridEngineRecords.ended("2", failed)?.exitCode == 3)
        #expect(GridEngineRecords.ended("2", failed)?.state == .failed)
        // Whoever was killed may have been cancelled: that is known when the second file tells of the end as well.
        #expect(GridEngineRecords.ended("2", Self.killed) == nil)
        #expect(GridEngineRecords.ended("2", "\(Self.killed)\n1:acct:\(Self.killed)")?.state == .failed)
        let told = "\(Self.killed)\n\(Self.byScheduler)\n1:acct:\(Self.killed)"
        #expect(GridEngineRecords.ended("2", told)?.state == .failed)
        #expect(GridEngineRecords.ended("2", "\(Self.killed)\n\(Self.deleted)")?.state == .cancelled)
        // One that never ran has no other record.
        let never = GridEngineRecords.ended("2", Self.deleted)
        #expect(never?.state == .cancelled && never?.user == "ubuntu" && never?.exitCode == nil)
        // The numbers of other things are not jobs'.
        #expect(
            GridEngineRecords.ended("1024", Self.deleted) == nil && GridEngineRecords.ended("613", Self.done) == nil)
    }

    @Test func condorsListingsAreRead() {
        func line(_ words: String...) -> String { words.joined(separator: "\t") + "\n" }
        let none = "undefined"
        let jobs = HTCondorRecords.jobs(
            line("1", "0", "ubuntu", "1", none, none, none, none, none, "/bin/sort")
                + line("1", "1", "ubuntu", "2", none, none, none, "slot1_1@node2.lab.test", "batch", "/bin/sort")
                + line("2", "0", "ubuntu", "4", "0", none, "slot1_1@node3.lab.test", none, none, "/bin/sort")
                + line("3", "0", "ubuntu", "4", "3", none, none, none, none, "/bin/sort")
                + line("4", "0", "ubuntu", "4", none, "9", none, none, none, "/bin/sort")
                + line("5", "0", "ubuntu", "3", none, none, none, none, none, "/bin/sort")
                + line("6", "0", "ubuntu", "5", none, none, none, none, none, "/bin/sort"))
        #expect(jobs.map(\.id) == ["1.0", "1.1", "2.0", "3.0", "4.0", "5.0", "6.0"])
        #expect(jobs.map(\.state) == [.pending, .running, .completed, .failed, .failed, .cancelled, .held])
        #expect(jobs.map(\.exitCode) == [nil, nil, 0, 3, 137, nil, nil])
        #expect(jobs.map(\.nodes) == [[], ["node2"], ["node3"], [], [], [], []])
        #expect(jobs.map(\.name).prefix(2) == ["/bin/sort", "batch"])
    }
}
