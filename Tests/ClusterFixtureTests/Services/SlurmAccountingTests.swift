import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Jobs are recorded in a database.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5))) struct SlurmAccountingTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func jobsAreAccountedFor(backend: BackendUnderTest) async throws { try await accounts(backend, .node) }

    #if os(Linux)
    /// Slurm 22.05, where the others have 24.11.
    @Test(.requiresNamespaces, .requiresRoot) func olderSlurmsAccountAsWell() async throws {
        try await accounts(.namespaces, .node(basedOn: "debian:bookworm"))
    }
    #endif

    private func accounts(_ backend: BackendUnderTest, _ image: NodeImage) async throws {
        let configuration = ClusterConfiguration(
            nodes: 2, image: image, services: [.slurm(accounting: true)], backend: backend.choice, name: "with-hyphen")
        try await withCluster(configuration) { cluster in
            let slurm = try cluster.slurm
            let id = try await slurm.submit(script: "exit 2", options: ["--job-name=two"])
            #expect(try await slurm.wait(for: id).state == .failed)
            let line =
                "sacct --noheader --parsable2 --allocations --jobs=\(id) --format=JobName,State,ExitCode,User,Cluster"
            #expect(
                try await eventually {
                    try await cluster[0].run(line).standardOutput == "two|FAILED|2:0|ubuntu|with-hyphen\n"
                })
            try await cluster[0].run(
                "sacctmgr --immediate add account project && sacctmgr --immediate add user ubuntu account=project",
                as: .root
            )
            .requireSuccess()
            let accounted = try await slurm.submit(script: "true", options: ["--account=project"])
            try await slurm.wait(for: accounted)
            let told = "sacct --noheader --parsable2 --allocations --jobs=\(accounted) --format=Account,State"
            #expect(try await eventually { try await cluster[1].run(told).standardOutput == "project|COMPLETED\n" })
        }
    }
}
