#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Any user's program may call itself anything, also lines that tell of other processes: that neither ends those, nor saves itself.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct NamesOfProgramsTests {
    /// A line that becomes a program of this name, which sleeps.
    private func sleeper(_ name: String, _ seconds: Int, _ mark: String = "") -> String {
        let script = "import ctypes, time; ctypes.CDLL(None).prctl(15, b\"\(name)\", 0, 0, 0); time.sleep(\(seconds))"
        return "python3 -c '\(script)' \(mark)"
    }

    private let silent = "</dev/null >/dev/null 2>&1 &"

    @Test func aNameThatAccusesAnotherProcessEndsNone() async throws {
        try await Lab.with { lab in
            let cluster = try await Cluster.start(ClusterConfiguration(backend: .hosts(lab.hosts())))
            let bystander = try await lab.on("node1", "setsid sleep 4771 \(silent) echo $!")[0]
            for accusation in ["marked \(bystander) ", "\(bystander) (a) S 1"] {
                let line = sleeper("\\n\(accusation)", 600, "accuser")
                try await lab.on("node1", "setpriv --reuid 65534 --regid 65534 --clear-groups setsid \(line) \(silent)")
            }
            let names = "cat /proc/[0-9]*/stat | grep -cE '^(marked )?\(bystander) .* S '"
            #expect(try await eventually { try await lab.on("node1", names) == ["3"] })
            try await cluster.stop()
            #expect(try await lab.on("node1", "pgrep -x -f 'sleep 4771'") == [bystander])
            #expect(try await lab.on("node1", "pgrep -c -f '[a]ccuser'") == ["2"])
            #expect(try await lab.left() == [])
        }
    }

    /// It has cleaned its environment, so that only its session is left to find it by.
    @Test func aNameOfSeveralLinesSavesNoCommandFromItsClustersEnd() async throws {
        try await Lab.with { lab in
            let cluster = try await Cluster.start(ClusterConfiguration(backend: .hosts(lab.hosts())))
            try await cluster[0].run("env -i \(sleeper("a\\nb ) c", 4772)) \(silent)").requireSuccess()
            #expect(try await eventually { try await lab.on("node1", "cat /proc/[0-9]*/comm").contains("b ) c") })
            try await cluster.stop()
            #expect(try await lab.on("node1", "pgrep -f '[4]772'; true") == [])
            #expect(try await lab.left() == [])
        }
    }

    @Test func aNameOfSeveralLinesSavesNoCommandFromItsTimeLimit() async throws {
        try await Lab.with { lab in
            let node = lab.cluster[0]
            // The name of the file is the program's from its first moment on.
            let line = "file=\"$(mktemp -d)/a\nb\"; ln -s \"$(command -v sleep)\" \"$file\"; \"$file\" 4773"
            let error = try await #require(throws: ClusterError.self) { try await node.run(line, timeout: .seconds(4)) }
            #expect(error.code == .timedOut, "\(error)")
            #expect(try await node.run("pgrep -f '[4]773'").exitCode == 1)

            let task = Task { try await node.run(line) }
            #expect(try await eventually { try await node.run("pgrep -f 'b [4]773'").exitCode == 0 })
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await node.run("pgrep -f '[4]773'").exitCode == 1)
        }
    }
}
#endif
