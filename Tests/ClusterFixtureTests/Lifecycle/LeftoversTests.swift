import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct LeftoversTests {
    private let dead = ProcessIdentity(
        machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")

    private func summary(_ id: String, owner: ProcessIdentity?, folder: String = "/nowhere") -> ClusterSummary {
        ClusterSummary(id: id, name: "lab", owner: owner, folder: folder)
    }

    @Test func onlyClustersOfDeadOwnersAreAbandoned() {
        #expect(Leftovers.isAbandoned(summary("0123456789", owner: dead)))
        #expect(!Leftovers.isAbandoned(summary("0123456789", owner: .current)))
        #expect(!Leftovers.isAbandoned(summary("0123456789", owner: nil)))
    }

    @Test func aClusterThatWasKeptStaysWhereverItsFolderIs() async throws {
        try await withTemporaryFolder { folder in
            let workspace = Workspace(folder: folder + "/cf-0123456789")
            try workspace.create()
            let kept = summary("0123456789", owner: dead, folder: workspace.folder)
            #expect(Leftovers.isAbandoned(kept))
            try Workspace.write("", to: workspace.keptMark)
            #expect(!Leftovers.isAbandoned(kept))
        }
    }
}
