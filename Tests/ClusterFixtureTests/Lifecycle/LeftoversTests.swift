import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct LeftoversTests {
    private let dead = ProcessIdentity(
        machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")

    private func summary(owner: ProcessIdentity?, folder: String = "/nowhere/cf-0123456789") throws -> ClusterSummary {
        let workspace = Workspace(folder: folder)
        return ClusterSummary(id: try #require(workspace.cluster), name: "lab", owner: owner, workspace: workspace)
    }

    @Test func onlyClustersOfDeadOwnersAreAbandoned() throws {
        #expect(try Leftovers.isAbandoned(summary(owner: dead)))
        #expect(try !Leftovers.isAbandoned(summary(owner: .current)))
        #expect(try !Leftovers.isAbandoned(summary(owner: nil)))
    }

    @Test func aClusterThatWasKeptStaysWhereverItsFolderIs() async throws {
        try await withTemporaryFolder { folder in
            let workspace = Workspace(folder: folder + "/cf-0123456789")
            try workspace.create(for: "docker")
            let kept = try summary(owner: dead, folder: workspace.folder)
            #expect(Leftovers.isAbandoned(kept))
            try workspace.keep()
            #expect(!Leftovers.isAbandoned(kept))
        }
    }
}
