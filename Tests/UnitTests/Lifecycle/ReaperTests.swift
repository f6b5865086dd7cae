import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReaperTests {
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func whenReleasedItDoesItsWorkAndRemovesTheFolder() async throws {
        try await withTemporaryFolder { folder in
            let place = folder + "/watched it's"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            let watched = Workspace(folder: place + "/cf-0123456789")
            try watched.create(for: "docker")
            try Workspace.write("secret", to: watched.keysFolder + "/root")
            let reaper = try await Reaper.start(
                watched, script: ReapingScript("touch \"$1\"", arguments: [folder + "/$(done)"]))
            reaper.release()
            #expect(try await eventually { exists(folder + "/$(done)") })
            #expect(try await eventually { !exists(watched.folder) })
        }
    }

    @Test func whenDismissedItDoesNothingAndIsGone() async throws {
        try await withTemporaryFolder { folder in
            let watched = Workspace(folder: folder + "/cf-0123456789")
            try watched.create(for: "docker")
            let reaper = try await Reaper.start(
                watched, script: ReapingScript("touch \"$1\"", arguments: [folder + "/done"]))
            #expect(try await eventually { try ProcessTable.commandLines(containing: folder).count == 1 })
            await reaper.dismiss()
            #expect(try ProcessTable.commandLines(containing: folder).isEmpty)
            #expect(exists(watched.folder))
            #expect(!exists(folder + "/done"))
        }
    }
}
