import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct LeftoversTests {
    private let dead = ProcessIdentity(
        machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")

    private func summary(owner: ProcessIdentity?, folder: String = "/nowhere/cf-0123456789") throws -> ClusterSummary {
        let workspace = Workspace(folder: folder)
        return ClusterSummary(
            id: try #require(workspace.cluster), name: "lab", backend: "fake", owner: owner,
            workspace: workspace)
    }

    @Test func onlyClustersOfDeadOwnersAreAbandoned() throws {
        #expect(try Leftovers.isAbandoned(summary(owner: dead)))
        #expect(try !Leftovers.isAbandoned(summary(owner: .current)))
        #expect(try !Leftovers.isAbandoned(summary(owner: nil)))
    }

    /// Whose folder it is, and whether a start on the fake backend removes it.
    struct Folder: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var backend = "fake"
        var isOwnerAlive = false
        var isKept = false
        let goes: Bool
    }

    static let folders = [
        Folder(testDescription: "a dead owner's", goes: true),
        Folder(testDescription: "a living owner's", isOwnerAlive: true, goes: false),
        Folder(testDescription: "one that was kept", isKept: true, goes: false),
        Folder(
            testDescription: "one of another backend's cluster, which may have nodes", backend: "other", goes: false),
    ]

    @Test(arguments: folders) func aSweepTakesTheFoldersOfDeadOwners(folder: Folder) async throws {
        try await withTemporaryFolder { place in
            let workspace = Workspace(folder: place + "/cf-0123456789")
            try workspace.create(for: folder.backend, owner: folder.isOwnerAlive ? .current : dead)
            if folder.isKept { try workspace.keep() }
            await Leftovers.sweep(FakeBackend(.give([])), in: place)
            #expect(FileManager.default.fileExists(atPath: workspace.keysFolder) == !folder.goes)
        }
    }

    @Test func aClusterThatWasKeptStaysWhereverItsFolderIs() async throws {
        try await withTemporaryFolder { folder in
            let workspace = Workspace(folder: folder + "/cf-0123456789")
            try workspace.create(for: "docker")
            let kept = try summary(owner: dead, folder: workspace.folder)
            #expect(Leftovers.isAbandoned(kept))
            try workspace.keep()
            #expect(!Leftovers.isAbandoned(kept))
            // Whoever takes it down meanwhile removes the folder, and with it the word that it is kept.
            let found = try summary(owner: dead, folder: workspace.folder)
            try workspace.remove()
            #expect(!Leftovers.isAbandoned(found))
        }
    }
}
