#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Testing

/// A command on hundreds of nodes at once: by `cluster.run`, and by another maker's program that does nothing else.
@Suite(.requiresNamespaces, .requiresRoot, .timeLimit(.minutes(10)))
struct ManyNodesTests {
    static let count = 500

    @Test(.requiresProgram("clush")) func nothingIsLostOfACommandOnAllNodesAtOnce() async throws {
        let names = (1...Self.count).map { "node\($0)" }
        try await withCluster(nodes: Self.count, backend: .namespaces, configure: { $0.readyWithin = .seconds(300) }) {
            cluster in
            let results = try await cluster.run("hostname").requireSuccess()
            #expect(try results.map { try $0.result.get().standardOutput } == names.map { $0 + "\n" })

            // All of them at a time, each over a connection that is opened for it; one in a hundred fails.
            let some = try await cluster.run(
                "case $(hostname) in *77) exit 7 ;; esac", atMost: Self.count, as: .root)
            let failed = names.filter { $0.hasSuffix("77") }
            #expect(some.failures.map(\.node) == failed)
            let error = try #require(throws: ClusterError.self) { try some.requireSuccess() }
            #expect(
                error.message.contains("on \(failed[0]) ended with exit code 7")
                    && error.message.contains("Of the other \(Self.count - 1) nodes, \(failed.count - 1) failed too"),
                "\(error)")

            let words = ["-N", "-o", "-F \(cluster.sshConfigurationFile)", "-w", "node[1-\(Self.count)]", "hostname"]
            let clush = try await Command("clush", words).output()
            #expect(clush.lines.sorted() == names.sorted(), "\(clush.complaint)")
        }
    }
}
#endif
