import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Programs are found where a shell would find them.
struct ProgramPathTests {
    @Test func theFirstThatCanBeRunIsTaken() async throws {
        try await withTemporaryFolder { folder in
            let places = ["folder", "plain", "first", "second"].map { "\(folder)/\($0)" }
            for place in places {
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            }
            try FileManager.default.createDirectory(atPath: places[0] + "/tool", withIntermediateDirectories: false)
            for (place, mode) in zip(places.dropFirst(), [0o644, 0o755, 0o755]) {
                try "#!/bin/sh\n".write(toFile: place + "/tool", atomically: false, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place + "/tool")
            }
            let path = places.joined(separator: ":")
            #expect(ProgramPath.findByName("tool", on: path) == places[2] + "/tool")
            #expect(ProgramPath.findByName("tool", on: places[0] + ":" + places[1]) == nil)
            #expect(ProgramPath.findByName("./tool", on: path) == "./tool")
        }
    }
}
