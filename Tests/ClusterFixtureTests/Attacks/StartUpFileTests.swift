#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A user's start-up file tells another number than its shell's, before that does: the session that is ended as root has to be the user's.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct StartUpFileTests {
    /// Has ubuntu's shells tell a word behind the mark that is on their command line.
    private func tell(_ word: String, on node: Node) async throws {
        let line = #"[[ $BASH_EXECUTION_STRING =~ cluster-fixture-[0-9]+ ]] && echo "${BASH_REMATCH[0]} \#(word)" >&2"#
        try await node.run("cat >.bashrc", standardInput: line + "\n").requireSuccess()
    }

    private let silent = "</dev/null >/dev/null 2>&1 &"

    /// Runs a script as the node's root.
    private func root(_ cluster: Cluster, _ script: String) async throws -> [String] {
        try await cluster.handle.execute(["sh", "-c", script], on: cluster[0].name).lines
    }

    @Test func anotherUsersSessionGoesOn() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let node = cluster[0]
            let session = try await root(cluster, "setsid sleep 4791 \(silent) echo $!")
            try await tell(try #require(session.first), on: node)
            let error = try await #require(throws: ClusterError.self) {
                try await node.run("sleep 4792", timeout: .seconds(2))
            }
            #expect(error.code == .timedOut, "\(error)")
            #expect(try await root(cluster, "pgrep -x -f 'sleep 4791'") == session)
        }
    }

    @Test(arguments: ["0", "1", "-1", "x"]) func whatIsNoSessionsNumberSavesNoCommandFromItsTimeLimit(
        word: String
    ) async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let node = cluster[0]
            try await tell(word, on: node)
            let error = try await #require(throws: ClusterError.self) {
                try await node.run("sleep 4793", timeout: .seconds(2))
            }
            #expect(error.code == .timedOut, "\(error)")
            #expect(try await root(cluster, "pgrep -x -f 'sleep 4793'; true") == [])
        }
    }

    /// A session of ubuntu's has a program of root's in it, as sudo starts some.
    @Test func aSessionIsEndedForTheUserWhoLeadsIt() async throws {
        let script = try Checkout.text(of: "Sources/CScripts/end-session.sh")
        try await withCluster(backend: .namespaces) { cluster in
            let name = cluster[0].name
            let user = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"]
            let change = user.joined(separator: " ")
            let find = "pgrep -x -f 'sleep 479[45]' | wc -l"
            func end(_ session: String, as who: [String] = [], for login: [String] = []) async throws -> Int32 {
                let words = who + ["sh", "-c", script, "sh", session] + login
                return try await cluster.handle.execute(words, on: name).exitCode
            }

            let mixed = "setsid sh -c 'sleep 4794 & exec \(change) sleep 4795' \(silent) echo $!"
            let led = try await root(cluster, mixed)[0]
            #expect(try await eventually { try await root(cluster, find) == ["2"] })
            // Its user can't end all of it, and leaves the leader for root to see.
            #expect(try await end(led, as: user) == 1)
            #expect(try await root(cluster, find) == ["2"])
            #expect(try await end(led, for: ["nobody"]) == 1)
            #expect(try await root(cluster, find) == ["2"])
            #expect(try await end(led, for: ["ubuntu"]) == 0)
            #expect(try await root(cluster, find) == ["0"])

            let lost = "setsid sh -c 'sleep 4794 >/dev/null & \(change) sleep 4795 >/dev/null & echo $$' & wait"
            let left = try await root(cluster, lost)[0]
            #expect(try await eventually { try await root(cluster, find) == ["2"] })
            #expect(try await end(left, for: ["ubuntu"]) == 0)
            #expect(try await root(cluster, "pgrep -a -x sleep | grep -o '479.'") == ["4794"])
        }
    }
}
#endif
