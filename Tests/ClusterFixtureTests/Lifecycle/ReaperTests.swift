import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReaperTests {
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func whenReleasedItDoesItsWorkAndRemovesTheFolder() async throws {
        try await withTemporaryFolder { folder in
            let watched = folder + "/watched it's"
            try FileManager.default.createDirectory(atPath: watched, withIntermediateDirectories: false)
            let reaper = try await Reaper.start(
                folder: watched, script: ReapingScript("touch \"$1\"", arguments: [folder + "/$(done)"]))
            reaper.release()
            #expect(try await eventually { exists(folder + "/$(done)") })
            #expect(!exists(watched))
        }
    }

    @Test func whenDismissedItDoesNothingAndIsGone() async throws {
        try await withTemporaryFolder { folder in
            let reaper = try await Reaper.start(
                folder: folder, script: ReapingScript("touch \"$1\"", arguments: [folder + "/done"]))
            #expect(try ProcessTable.commandLines(containing: folder).count == 1)
            await reaper.dismiss()
            #expect(try ProcessTable.commandLines(containing: folder).isEmpty)
            #expect(exists(folder))
            #expect(!exists(folder + "/done"))
        }
    }
}
