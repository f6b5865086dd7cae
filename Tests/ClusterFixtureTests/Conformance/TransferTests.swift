import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What `upload` and `download` promise, on every backend.
@Suite(.requiresBackend, ConformanceClusters(), .timeLimit(.minutes(5)))
struct TransferTests {
    static let names = [
        "plain", "two words", "it's", "$(touch pwned)", "-rf", "a:b", "a*b?[c]", "{x,y}", "new\nline", "back\\slash",
        "é",
    ]

    @Test(arguments: try await BackendUnderTest.usable(), names) func anyFileNameGoesThereAndBack(
        backend: BackendUnderTest, name: String
    )
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let content = "content of \(name)"
            try content.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
            try await node.run(["mkdir", "-p", "names"]).requireSuccess()
            try await node.upload(from: folder + "/" + name, to: "names/" + name)
            #expect(try await node.run(["cat", "--", "names/" + name]).standardOutput == content)
            try await node.download(from: "/home/ubuntu/names/" + name, to: folder + "/back")
            #expect(try String(contentsOfFile: folder + "/back", encoding: .utf8) == content)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func aFolderKeepsItsShapeAndModes(backend: BackendUnderTest)
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let tree = folder + "/tree"
            try FileManager.default.createDirectory(atPath: tree + "/sub/empty", withIntermediateDirectories: true)
            try Data([0, 255, 10, 13]).write(to: URL(fileURLWithPath: tree + "/sub/bytes"))
            try "#!/bin/sh\necho ran\n".write(toFile: tree + "/run", atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tree + "/run")
            try await node.upload(from: URL(fileURLWithPath: tree), to: "/home/ubuntu/copy")
            #expect(try await node.run("copy/run").standardOutput == "ran\n")
            try await node.download(from: "copy", to: URL(fileURLWithPath: folder + "/back"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/back/sub/bytes")) == Data([0, 255, 10, 13]))
            #expect(FileManager.default.fileExists(atPath: folder + "/back/sub/empty"))
            // A folder that is there already is gone into, as with `cp -R`.
            try await node.upload(from: tree, to: "copy")
            #expect(try await node.run("test -x copy/tree/run").exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func rootWritesWhereUbuntuMayNot(backend: BackendUnderTest)
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            try "x".write(toFile: folder + "/file", atomically: false, encoding: .utf8)
            try await node.upload(from: folder + "/file", to: "/etc/by-root", as: .root)
            #expect(try await node.run("stat -c %U /etc/by-root").standardOutput == "root\n")
            let error = try await #require(throws: ClusterError.self) {
                try await node.upload(from: folder + "/file", to: "/etc/by-ubuntu")
            }
            #expect(error.code == .transferFailed)
            #expect(error.message.contains("/etc/by-ubuntu on node1 as ubuntu"))
            #expect(error.message.contains("ermission denied"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable()) func whatIsNotThereIsNamed(backend: BackendUnderTest)
        async throws
    {
        let node = try backend.cluster[0]
        let up = try await #require(throws: ClusterError.self) { try await node.upload(from: "/no/such", to: "x") }
        #expect(up.code == .transferFailed)
        #expect(up.message.contains("/no/such") && up.message.contains("node1"))
        let down = try await #require(throws: ClusterError.self) {
            try await node.download(from: "/no/such", to: "/tmp/x")
        }
        #expect(down.code == .transferFailed)
        #expect(down.message.contains("/no/such on node1"))
    }
}
