import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The flow that the README gives to people who work by hand, typed as it stands there.
@Suite(.requiresDocker, .timeLimit(.minutes(10)))
struct HandTypedFlowTests {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path

    /// The shell block below the README's heading.
    private static func block(below heading: String) throws -> String {
        let readme = try String(contentsOfFile: package + "/README.md", encoding: .utf8)
        let section = try #require(readme.range(of: "\n## \(heading)\n")).upperBound
        let opening = try #require(readme.range(of: "```sh\n", range: section..<readme.endIndex)).upperBound
        let closing = try #require(readme.range(of: "```", range: opening..<readme.endIndex)).lowerBound
        return String(readme[opening..<closing])
    }

    @Test func theReadmesCommandsWorkAsTyped() async throws {
        try await withTemporaryFolder { folder in
            // A copy, so that keys made here are not found by other tests. The build sees the same files, so it is
            // cached.
            for name in ["docker", "ssh", ".dockerignore"] {
                try FileManager.default.copyItem(atPath: Self.package + "/" + name, toPath: folder + "/" + name)
            }
            for user in ["root", "mock_ubuntu"] {
                for key in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/ssh/\(user)")
                where key != ".gitkeep" {
                    try FileManager.default.removeItem(atPath: "\(folder)/ssh/\(user)/\(key)")
                }
            }
            let name = "by-hand-" + String(Int.random(in: 100_000..<999_999))
            // A person answers ssh's question about the new host key; here an option does, and the tests' names are
            // their own.
            let asked =
                "-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=\(folder)/known_hosts -o BatchMode=yes"
            let typed = try Self.block(below: "By hand")
                .replacingOccurrences(of: "NAME", with: name).replacingOccurrences(of: "CONTAINER", with: name)
                .replacingOccurrences(of: "\nssh -", with: "\nssh \(asked) -").replacingOccurrences(
                    of: "\nscp -", with: "\nscp \(asked) -")
            // A person takes a second to read the ports: by then sshd is up.
            let aSecond = "\nuntil ssh-keyscan -T 1 -p $PORT localhost 2>/dev/null | grep -q ssh; do sleep 0.05; done\n"
            let script = "set -eux\ncd \(folder)\n" + typed.replacingOccurrences(of: "\n\n", with: aSecond)
            let output = try await Command("bash", ["-c", script]).output()
            #expect(output.exitCode == 0, "\(output.standardOutput)\n\(output.standardError)")
            #expect(output.standardOutput.contains("uid=0(root)"))
            #expect(output.standardOutput.contains("uid=1000(ubuntu)"))
            for form in ["-p", "ssh://ubuntu@0.0.0.0:", "scp ", "docker stop"] { #expect(typed.contains(form)) }
            let left = try await Command("docker", ["ps", "--all", "--quiet", "--filter", "name=\(name)"]).output()
            #expect(left.standardOutput.isEmpty)
            let removed = try await Command("docker", ["rmi", name]).output()
            #expect(removed.exitCode == 0)
        }
    }
}
