import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What `CLUSTER_FIXTURE_KEEP` may say.
@Suite struct RetentionTests {
    @Test func itsValuesAreKnown() throws {
        #expect(try Retention(wish: "") == .never)
        #expect(try Retention(wish: "never") == .never)
        #expect(try Retention(wish: "failure").keeps(failed: true))
        #expect(try !Retention(wish: "failure").keeps(failed: false))
        #expect(try Retention(wish: "always").keeps(failed: false))
    }

    @Test(arguments: ["falure", "Always", "1", "failure "]) func anyOtherIsRefused(wish: String) throws {
        let error = try #require(throws: ClusterError.self) { try Retention(wish: wish) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("CLUSTER_FIXTURE_KEEP"))
    }

    /// The cluster that somebody wanted to look at would be gone when they learn of the mistake.
    @Test func aMisspeltOneIsRefusedBeforeAnythingStarts() async throws {
        try await withTemporaryFolder { folder in
            let environment = ["TMPDIR": folder, "CLUSTER_FIXTURE_KEEP": "falure"]
            let output = try await Command(
                CommandLineProgram.path, ["run", "--", "touch", folder + "/ran"], environment: environment
            ).output(limit: .seconds(20))
            #expect(output.exitCode == 64)
            #expect(output.standardError.contains("CLUSTER_FIXTURE_KEEP is \"falure\""))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
