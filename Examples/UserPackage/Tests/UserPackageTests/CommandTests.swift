import ClusterFixture
import Foundation
import Synchronization
import Testing

/// What can be done with a command besides waiting for it, on a cluster that another suite has as well.
@Suite(ClusterFixture.shared(nodes: 2, name: "user-shared"))
struct CommandTests {
    @Test func aFailedCommandShowsWhatItSaid() async throws {
        let result = try await Cluster.current[0].run("echo why >&2; exit 3")
        #expect(!result.succeeded && result.exitCode == 3 && result.signal == nil)
        let error = #expect(throws: ClusterError.self) { try result.requireSuccess() }
        #expect(error?.code == .commandFailed)
        #expect(error?.localizedDescription.contains("why") == true)
    }

    @Test func linesComeAsTheyArePrinted() async throws {
        let node = try Cluster.current["node1"]
        let seen = Mutex<[String]>([])
        try await node.run("seq 3") { line in seen.withLock { $0.append(line.text) } }
        #expect(seen.withLock { $0 } == ["1", "2", "3"])
        for try await line in node.stream("while sleep 0.1; do echo tick; done") {
            #expect(line.text == "tick")
            break
        }
    }

    @Test func bytesAndFilesAreStandardInput() async throws {
        let node = try Cluster.current["node2"]
        let bytes = Data([0, 255, 10, 13])
        let result = try await node.run("cat", standardInput: bytes)
        #expect(result.standardOutputData == bytes)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try bytes.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try await node.run("wc -c", standardInput: file).lines == ["4"])
    }

    @Test func aServerIsStartedReachedAndEnded() async throws {
        let node = try Cluster.current["node1"]
        try await node.run("mkdir site").requireSuccess()
        try await node.write("hello\n", to: "site/index.html")
        #expect(try await node.read("site/index.html") == Data("hello\n".utf8))
        let server = try await node.start("cd site && exec python3 -m http.server --bind 127.0.0.1 8081 2>../log")
        try await node.waitUntil(.port(8081), within: .seconds(30))
        let forward = try await node.forward(8081)
        #expect(try page("http://127.0.0.1:\(forward.localPort)/index.html") == "hello\n")
        try await node.waitUntil(.logLine("GET /index.html", in: "log"), within: .seconds(30))
        try await forward.close()
        await server.terminate()
        #expect(try await server.wait().signal == 15)
    }

    /// What the code that is tested would ask for.
    private func page(_ url: String) throws -> String {
        let (curl, output) = (Process(), Pipe())
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments = ["curl", "--silent", "--noproxy", "*", url]
        curl.standardOutput = output
        try curl.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        curl.waitUntilExit()
        return text
    }

    @Test func aProgramIsStartedAndWaitedFor() async throws {
        let node = try Cluster.current.node("node2")
        let quick = try await node.start(["tr", "a-z", "A-Z"], standardInput: "loud\n")
        let endless = try await node.start(["sleep", "600"])
        #expect(try await quick.wait().lines == ["LOUD"])
        let error = await #expect(throws: ClusterError.self) { try await endless.wait(timeout: .seconds(1)) }
        #expect(error?.code == .timedOut)
    }

    @Test func whatHappensIsWaitedFor() async throws {
        let node = try Cluster.current["node2"]
        async let made: CommandResult = node.run("sleep 0.2; touch made")
        try await node.waitUntil(.file("made"), within: .seconds(30))
        try await node.waitUntil(.command("test -e made"), within: .seconds(30))
        #expect(try await made.succeeded)
    }

    @Test func aNodeReachesThisMachine() async throws {
        let server = try LocalServer(sending: "from this machine\n")
        defer { server.stop() }
        let node = try Cluster.current["node1"]
        let back = try await node.reverseForward(server.port)
        // Bash connects to that port of the node's 127.0.0.1.
        let result = try await node.run("cat </dev/tcp/127.0.0.1/\(back.nodePort)", timeout: .seconds(30))
        #expect(result.standardOutput == "from this machine\n")
        try await back.close()
    }

    @Test func otherSuitesHaveTheSameCluster() async throws {
        let id = try Cluster.current.id
        #expect(await SeenClusters.shared.adding(id) == [id])
    }

    @Test func aNodeThatIsNotThereIsNearAnother() throws {
        let error = #expect(throws: ClusterError.self) { try Cluster.current.node("nod1") }
        #expect(error?.remedy == "Did you mean node1?")
    }
}

/// The same cluster: whoever asks for the same has it.
@Suite(ClusterFixture.shared(nodes: 2, name: "user-shared"))
struct AllNodesTests {
    @Test func otherSuitesHaveTheSameCluster() async throws {
        let id = try Cluster.current.id
        #expect(await SeenClusters.shared.adding(id) == [id])
    }

    @Test func allNodesAnswerAtOnce() async throws {
        let results = try await Cluster.current.run("hostname", atMost: 2).requireSuccess()
        #expect(try results["node2"].lines == ["node2"])
    }

    @Test(ClusterFixture(roles: [NodeRole("plain"), NodeRole("staged", environment: ["STAGE": "test"])]))
    func variablesMayBeOfSomeNodesAlone() async throws {
        let results = try await Cluster.current.run("echo ${STAGE:-none}").requireSuccess()
        #expect(try results["plain1"].lines == ["none"])
        #expect(try results["staged1"].lines == ["test"])
    }
}
