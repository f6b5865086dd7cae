import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Copies in trouble: long ones, cancelled ones, and nodes that die.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct CopyTests {
    /// A `tar` in front of the node's own.
    private static func put(_ script: String, on node: Node) async throws {
        let line = "cat >/usr/local/bin/tar && chmod 755 /usr/local/bin/tar"
        try await node.run(line, as: .root, standardInput: script).requireSuccess()
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aLongCopyTellsItsProgress(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "copy-" + String(Int.random(in: 100_000..<999_999))
            try #require(try await command.run("up", "--name", name).exitCode == 0)
            // It goes on when the progress was told, so that it takes as long as it must.
            let slow = "while [ ! -e /tmp/told ]; do sleep 0.05; done; exec /bin/tar \"$@\""
            let wrapper = "printf '#!/bin/sh\\n%s\\n' \"$0\" >/usr/local/bin/tar; chmod 755 /usr/local/bin/tar"
            #expect(try await command.run("exec", name + "/node1", "--", "sh", "-c", wrapper, slow).exitCode == 0)
            let told = Locked(0)
            for words in [
                ["copy", "/etc/hostname", name + "/node1:x"], ["copy", name + "/node1:x", command.folder + "/x"],
            ] {
                #expect(try await command.run("exec", name + "/node1", "--", "rm", "-f", "/tmp/told").exitCode == 0)
                let before = told.withLock { $0 }
                async let code = Command(CommandLine.path, words, environment: command.environment).eachLine { line in
                    if line.contains("copying") && line.contains("MB") { told.withLock { $0 += 1 } }
                }
                #expect(try await eventually { told.withLock { $0 } > before })
                #expect(try await command.run("exec", name + "/node1", "--", "touch", "/tmp/told").exitCode == 0)
                #expect(try await code == 0)
            }
            #expect(FileManager.default.fileExists(atPath: command.folder + "/x"))
            // As scp has it; a file of such a name is reached by its folder.
            let home = try await command.run("copy", "/etc/hostname", name + "/node1:~/in-home")
            #expect(home.exitCode == 0, "\(home.standardError)")
            #expect(try await command.run("exec", name + "/node1", "--", "ls", "/home/ubuntu/in-home").exitCode == 0)
            #expect(try await command.run("pause", name + "/node1").exitCode == 0)
            let paused = try await command.run("copy", "/etc/hostname", name + "/node1:x")
            #expect(paused.exitCode == 70)
            #expect(paused.standardError.contains("it is paused. Resume it first"), "\(paused.standardError)")
            #expect(try await command.run("kill", name + "/node1").exitCode == 0)
            let lost = try await command.run("copy", "/etc/hostname", name + "/node1:x")
            #expect(lost.exitCode == 70)
            #expect(
                lost.standardError.contains("node1 of cluster \(name) does not run. Start it first"),
                "\(lost.standardError)")
            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await command.left() == [])
        }
    }

    #if os(Linux)
    @Test(arguments: try await BackendUnderTest.usable(), [true, false])
    func aCancelledCopyLeavesNothing(backend: BackendUnderTest, isUpload: Bool) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await withTemporaryFolder { folder in
                let size = 200_000_000
                if isUpload {
                    try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: folder + "/big"))
                } else {
                    try await node.run("head -c \(size) /dev/zero | tr '\\0' x >big").requireSuccess()
                }
                let copying = Task {
                    if isUpload {
                        try await node.upload(from: folder + "/big", to: "copy")
                    } else {
                        try await node.download(from: "big", to: folder + "/copy")
                    }
                }
                // This machine's tar stands still, so that the copy is never done.
                @Sendable func local() throws -> [Int32] {
                    try ProcessTable.processes(containing: folder).filter { $0.line.contains("tar --") }.map(\.id)
                }
                try await #require(eventually { try local().contains { kill($0, SIGSTOP) == 0 } })
                try await #require(eventually { try await node.run("pgrep -x tar").exitCode == 0 })
                copying.cancel()
                await #expect(throws: CancellationError.self) { try await copying.value }
                #expect(try ProcessTable.processes(containing: folder).isEmpty)
                // Neither half a file nor a folder that it was unpacked in.
                let left = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(left == (isUpload ? ["big"] : []))
                #expect(try await eventually { try await node.run("pgrep -x tar").exitCode == 1 })
                #expect(try await node.run("echo well").standardOutput == "well\n")
            }
        }
    }
    #endif

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodeThatDiesDuringACopyIsNamedAsLost(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 2, backend: backend.choice) { cluster in
            let node = cluster[1]
            try await Self.put("#!/bin/sh\ntouch /tmp/begun\nexec sleep 4715\n", on: node)
            let copying = Task { try await node.upload(from: "/etc/hostname", to: "copy") }
            try await #require(eventually { try await node.run("test -e /tmp/begun").exitCode == 0 })
            try await node.kill()
            let error = try await #require(throws: ClusterError.self) { try await copying.value }
            #expect(error.code == .connectionLost, "\(error)")
            #expect(error.message.contains("node2"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatStartUpFilesPrintIsNoPartOfACopy(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            try await cluster[0].run("echo content >file; echo 'echo noise; echo noise >&2' >.bashrc").requireSuccess()
            try await withTemporaryFolder { folder in
                try await cluster[0].download(from: "file", to: folder + "/file")
                #expect(try String(contentsOfFile: folder + "/file", encoding: .utf8) == "content\n")
                try await cluster[0].upload(from: folder + "/file", to: "back")
                #expect(try await cluster[0].run("cat back").standardOutput == "noise\ncontent\n")
            }
        }
    }

    /// What macOS has for `tar`.
    @Test(.requiresProgram("bsdtar"), arguments: try await BackendUnderTest.usable())
    func libarchivesTarServesAsWell(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "copy-" + String(Int.random(in: 100_000..<999_999))
            try #require(try await command.run("up", "--name", name).exitCode == 0)
            let (folder, programs) = (command.folder, command.folder + "/programs")
            try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: programs + "/tar", withDestinationPath: try #require(ProgramPath.find("bsdtar")))
            let path = ["PATH": programs + ":" + ProgramPath.own]
            let script = """
                mkdir -p "$1/tree/empty" && cd "$1/tree" && echo text >'st*r[1]' && ln -s nowhere dangling && ln 'st*r[1]' hard
                truncate -s 8M sparse && echo end >>sparse && chmod 750 empty && touch -d '2001-02-03 UTC' hard . && chmod 711 .
                """
            #expect(try await Command("sh", ["-c", script, "sh", folder]).output().succeeded)
            func listing(_ tree: String) async throws -> String {
                let words = "cd \"$1\" && find . -printf '%p %y %m %Ts %l %n\\n' | grep -v '^[.]/empty' | sort; cat *"
                return try await Command("sh", ["-c", words, "sh", tree]).output().standardOutput
            }
            for words in [
                ["copy", folder + "/tree", name + "/node1:"], ["copy", name + "/node1:tree", folder + "/back"],
                ["copy", folder + "/tree/st*r[1]", name + "/node1:a*b"],
                ["copy", name + "/node1:a*b", folder + "/x[y]"],
            ] {
                let copy = try await Command(
                    CommandLine.path, words, environment: command.environment.merging(path) { $1 }
                ).output()
                #expect(copy.exitCode == 0, "\(words): \(copy.standardError)")
            }
            #expect(try await listing(folder + "/back") == listing(folder + "/tree"))
            #expect(try String(contentsOfFile: folder + "/x[y]", encoding: .utf8) == "text\n")
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }
}
