import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// What is left of a failure, on every backend.
@Suite(.requiresBackend, .timeLimit(.minutes(5))) struct EvidenceTests {
    /// What breaks out of a page that is put together carelessly.
    static let hostile = #"echo '</script><script>document.title = "broken"</script><!-- &amp; " \u2028'"#

    @Test(arguments: try await BackendUnderTest.usable())
    func eachNodeTellsHowItIsDoingAndWhatWasRunOnIt(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            nodes: 2, services: [Chatter()], backend: backend.choice,
            environment: ["CLUSTER_SECRET": "cluster-wide-secret"],
            passwordLogins: true)
        try await withCluster(configuration) { cluster in
            let (first, second) = (cluster[0], cluster[1])
            try await first.run("echo one; echo two >&2; exit 7", as: .root)
            try await first.run(
                "echo $CLUSTER_SECRET $TOKEN; cat", environment: ["TOKEN": "a-token-of-mine"],
                standardInput: "a pass phrase\n")
            try await first.run(Self.hostile)
            try await second.upload(from: "/etc/hostname", to: "copy")
            let password = try #require(first.password())
            let port = try #require(first.provisioned.port as Int?)
            #expect(port > 0)
            _ = try await first.run("echo \(password)")
            let evidence = await cluster.evidence(of: "a test")
            let files = Dictionary(uniqueKeysWithValues: evidence.files.map { ($0.name, $0.text) })
            #expect(
                files.keys.sorted() == [
                    "junit.xml", "node1.chatter.log", "node1.log", "node1.txt", "node2.log", "node2.txt",
                    "timeline.html", "timeline.jsonl",
                ])
            let log = try #require(files["node1.log"])
            #expect(log.contains("Accepted publickey"))
            #expect(files["node1.chatter.log"] == "it works on node1 with •••\n")
            let text = try #require(files["node1.txt"])
            for title in ["processes", "sockets", "network", "disk", "limits", "time and memory", "commands"] {
                #expect(text.contains("── \(title) ──\n"), "\(title)")
            }
            #expect(text.contains("sshd"))
            #expect(text.contains(":22 "))
            #expect(text.contains("root  echo one; echo two >&2; exit 7\n"))
            #expect(text.contains(", exit code 7\n             | one\n             | two\n"))
            #expect(try #require(files["node2.txt"]).contains("upload /etc/hostname → copy"))
            for (name, text) in files {
                for secret in ["cluster-wide-secret", "a-token-of-mine", "a pass phrase", password] {
                    #expect(!text.contains(secret), "\(name) has \(secret)")
                }
            }
            let entries = TimelineEntry.all(Data(try #require(files["timeline.jsonl"]).utf8))
            #expect(entries.map(\.time) == entries.map(\.time).sorted())
            #expect(entries.contains { $0.kind == "login" && $0.nodes == ["node2"] })
            #expect(entries.contains { $0.kind == "service" && $0.text == "chatter" && $0.until != nil })
            let command = try #require(entries.first { $0.exitCode == 7 })
            #expect([command.user, command.output, command.complaint] == ["root", "one\n", "two\n"])
        }
    }

    /// A node's own programs may be somebody else's by now, and say of logs what they like.
    @Test(arguments: try await BackendUnderTest.usable())
    func whatANodeSaysNamesNoFile(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice, configure: { $0.services = [Chatter()] }) { cluster in
            let title = String(repeating: "x", count: 300)
            let script = """
                #!/bin/sh
                for mark in $(cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep ^cluster-fixture- | sort -u); do
                    for title in / \(title) ../../other; do printf '\\n%s log %s\\nhere\\n' "$mark" "$title"; done
                done
                """
            try await cluster[0].write(script, to: "/usr/local/sbin/df", as: .root)
            try await cluster[0].run("chmod 755 /usr/local/sbin/df", as: .root).requireSuccess()
            try await withTemporaryFolder { folder in
                let evidence = await cluster.evidence(of: "a test")
                try evidence.write(to: OwnFolder(folder))
                let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                #expect(
                    names == [
                        "junit.xml", "node1.chatter.log", "node1.log", "node1.txt", "node2.log", "node2.txt",
                        "timeline.html", "timeline.jsonl",
                    ])
                #expect(evidence.files.first { $0.name == "node1.txt" }?.text.contains("log ../../other") == true)
            }
        }
    }

    /// A service that logs a line.
    private struct Chatter: Service {
        let name = "chatter"
        func plan(for layout: ClusterLayout) throws -> ServicePlan {
            ServicePlan(
                on: [layout.nodes[0].name], logs: ["/var/log/chatter.log", "/var/log/none.log"],
                values: ["token": "a-token-of-chatters", "place": layout.nodes[0].name])
        }
        func start(on nodes: ServiceNodes) async throws {
            let words = "it works on \(nodes.names[0]) with \(nodes.plan.values["token"] ?? "")"
            try await nodes.run("echo \(words) >/var/log/chatter.log", on: nodes.names[0]).requireSuccess()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesThatAreDownAreToldWithTheTimeOfTheirEnd(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, backend: backend.choice) { cluster in
            try await cluster[0].kill()
            // By its own hand: nobody has noted it.
            try await cluster[1].run("sh -c 'sleep 0.1; kill -KILL -1' >/dev/null 2>&1 &", as: .root)
            let before = cluster.timeline.now
            _ = try? await cluster.handle.execute(["sh", "-c", "kill -TERM 1"], on: "node2")
            if try await cluster.handle.states()["node2"] == .running {
                try await cluster.handle.capability((any NodePower).self, "stop").kill("node2")
            }
            let evidence = await cluster.evidence(of: "a test")
            #expect(evidence.nodes.map { $0.state.hasPrefix("ended") } == [true, true, false])
            let down = evidence.chronicle.entries.filter { $0.kind == "down" }
            #expect(down.map(\.nodes) == [["node1"], ["node2"]])
            #expect(down.allSatisfy { $0.until == nil })
            #expect(down.last?.text == "by itself")
            #expect(try #require(down.last).time >= TimelineEntry.seconds(before) - 0.01)
            #expect(evidence.files.contains { $0.name == "node1.log" && $0.text.contains("Server listening") })
        }
    }

    /// Not its time is what counts here, but that it ends at all: a frozen node never answers.
    @Test(arguments: try await BackendUnderTest.usable())
    func aFrozenNodeHoldsNobodyUp(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            try await cluster[1].pause()
            let evidence = await cluster.evidence(of: "a test")
            #expect(evidence.nodes.map(\.state) == ["running", "frozen"])
            #expect(evidence.chronicle.entries.contains { $0.kind == "frozen" && $0.nodes == ["node2"] })
            // Somebody may have frozen it behind our back.
            let unknown = await NodeExamination(
                cluster: cluster.handle, nodes: cluster.handle.nodes, logs: [:], frozen: [], limit: .seconds(8)
            ).run()
            #expect(unknown.map { $0.parts.contains { $0.title == "no answer" } } == [false, true])
            try await cluster[1].resume()
        }
    }

    /// Whatever has ended the cluster: what is known of it is told all the same.
    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterThatIsGoneLeavesWhatIsKnown(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            try await cluster[0].run("echo before")
            try await cluster.handle.destroy()
            let evidence = await cluster.evidence(of: "a test")
            #expect(evidence.nodes.allSatisfy { $0.state.hasPrefix("unknown: Cluster \(cluster.name) is gone") })
            #expect(evidence.files.first { $0.name == "node1.txt" }?.text.contains("echo before") == true)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func faultsOfOtherProcessesAreToldToo(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let found = try await ClusterCatalog.find(cluster.id)
            let timeline = Timeline(of: found.summary)
            let fault = timeline.beginFault("the disk is full", node: "node2")
            _ = try await cluster[0].run("true")
            Timeline(of: found.summary).endFault(fault)
            let evidence = await cluster.evidence(of: "a test")
            let told = try #require(evidence.chronicle.entries.first { $0.kind == "fault" })
            #expect(told.nodes == ["node2"])
            let command = try #require(evidence.chronicle.entries.first { $0.text == "true" })
            #expect(told.time < command.time)
            #expect(try #require(told.until) > command.time)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aKeptClusterHasItsTimelineInItsFolder(backend: BackendUnderTest) async throws {
        let cluster = try await Cluster.start(ClusterConfiguration(backend: backend.choice))
        try await cluster[0].run("echo kept; exit 3")
        _ = try await cluster.keep()
        let found = try await ClusterCatalog.find(cluster.id)
        let evidence = await found.evidence(of: "somebody's test")
        try await found.remove()
        let told = try #require(evidence.chronicle.entries.first { $0.exitCode == 3 })
        #expect(told.output == "kept\n")
        #expect(evidence.chronicle.entries.contains { $0.kind == "step" && $0.text == "ready" && $0.time > 0 })
        #expect(evidence.nodes.map(\.state) == ["running"])
    }
}
