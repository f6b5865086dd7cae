import ClusterEmulation
import Testing

/// What scontrol(1) writes of jobs is read as it is meant.
@Suite struct SlurmJobTests {
    /// As Slurm 24.11 writes it, shortened.
    private static let shown = """
        JobId=23 ArrayJobId=22 ArrayTaskId=1 JobName=a name JobState=FAILED
           UserId=ubuntu(1000) GroupId=ubuntu(1000) MCS_label=N/A
           JobState=FAILED Reason=NonZeroExitCode Dependency=(null)
           Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=3:9
           Partition=normal AllocNode:Sid=node1:1577
           ReqNodeList=(null) ExcNodeList=(null)
           NodeList=node[1-2]
           BatchHost=node1
           Command=/home/my script JobState=RUNNING
           StdOut=/home/my folder/slurm-22_1.out
           

        JobId=22 ArrayJobId=22 ArrayTaskId=2-50%4 JobName=wrap
           UserId=root(0) GroupId=root(0) MCS_label=N/A
           JobState=PENDING Reason=Resources Dependency=(null)
           Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
           Partition=normal AllocNode:Sid=node1:1577
           NodeList=
           StdOut=/root/slurm-22_%a.out

        """

    @Test func aJobIsRead() throws {
        let jobs = SlurmJob.read(Self.shown)
        try #require(jobs.count == 2)
        #expect(jobs[0].id == SlurmJob.ID(22, task: 1) && jobs[0].id.description == "22_1")
        #expect(jobs[0].name == "a name JobState=FAILED" && jobs[0].user == "ubuntu" && jobs[0].partition == "normal")
        #expect(jobs[0].state == .failed && jobs[0].reason == "NonZeroExitCode")
        #expect(jobs[0].exitCode == 3 && jobs[0].signal == 9)
        #expect(jobs[0].nodes == ["node1", "node2"] && jobs[0].batchNode == "node1")
        #expect(jobs[0].outputFile == "/home/my folder/slurm-22_1.out")
        #expect(jobs[1].id == SlurmJob.ID(22) && jobs[1].state == .pending && jobs[1].nodes.isEmpty)
        #expect(jobs[1].batchNode == nil && jobs[1].user == "root" && jobs[1].reason == "Resources")
        #expect(SlurmJob.read("No jobs in the system\n").isEmpty)
    }

    @Test func anArrayIsWhatIsLeftOfIt() {
        let jobs = SlurmJob.read(Self.shown)
        #expect(SlurmJob.whole(jobs)?.state == .pending)
        #expect(SlurmJob.whole([jobs[0]])?.state == .failed)
        #expect(SlurmJob.whole([]) == nil)
    }

    @Test(arguments: [
        ("", []), ("(null)", []), ("login1", ["login1"]), ("a1,b2", ["a1", "b2"]),
        ("node[1-3,5],login1", ["node1", "node2", "node3", "node5", "login1"]),
        ("big-node[08-10]", ["big-node08", "big-node09", "big-node10"]),
    ])
    func listsOfNodesAreRead(list: String, names: [String]) {
        #expect(SlurmJob.names(list) == names)
    }

    @Test func someStatesAreEnds() {
        for state in [SlurmJobState.completed, .failed, .cancelled, .timeout, .outOfMemory, .nodeFail] {
            #expect(state.isEnd)
        }
        for state in [SlurmJobState.pending, .running, .completing, .suspended, SlurmJobState(rawValue: "REQUEUED")] {
            #expect(!state.isEnd)
        }
    }
}
