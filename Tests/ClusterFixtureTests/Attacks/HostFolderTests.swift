#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What somebody has put in the place of a cluster's folder on an existing machine leads no command to other files.
@Suite(.requiresRoot) struct HostFolderTests {
    enum Trap: String, CaseIterable, Sendable {
        case strangersFolder = "rmdir cf/work; ln -s ../victim cf/work; ln -sf ../keys cf/sessions-root; chown 1 cf"
        case folderBehindALink = "mv cf other; ln -s other cf"
        case workBehindALink = "rmdir cf/work; ln -s ../victim cf/work"
        case notesBehindALink = "ln -sf ../keys cf/sessions-root"
    }

    @Test(arguments: Trap.allCases) func nothingIsRunAndNothingIsWritten(trap: Trap) async throws {
        try await withTemporaryFolder { folder in
            let setUp = """
                cd "$1"
                mkdir cf cf/work cf/tmp victim
                chmod 711 cf
                : >cf/sessions-root
                echo theirs >keys
                """
            let made = try await Command("sh", ["-euc", "\(setUp)\n\(trap.rawValue)", "sh", folder]).output()
            try #require(made.succeeded, "\(made.complaint)")
            let script = Checkout.path + "/Sources/CScripts/in-host.sh"
            let words = [script, folder + "/cf", "0123456789", "root", "0", "touch ran"]
            let output = try await Command("sh", words).output()
            #expect(output.exitCode == 255)
            #expect(output.complaint == "cluster-fixture: \(folder)/cf is gone")
            #expect(try String(contentsOfFile: folder + "/keys", encoding: .utf8) == "theirs\n")
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
            #expect(!files.contains { $0.hasSuffix("ran") }, "\(files)")
        }
    }
}
#endif
