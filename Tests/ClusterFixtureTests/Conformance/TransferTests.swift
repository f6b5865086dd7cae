import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What `upload` and `download` promise, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct TransferTests {
    static let names = [
        "plain", "two words", "it's", "$(touch pwned)", "-rf", "a:b", "a*b?[c]", "{x,y}", "new\nline", "back\\slash",
        "é", "a\\nb", "&|;#%^$", "~", "end\n", "'\u{301}", " ",
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), names) func anyFileNameGoesThereAndBack(
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
            // The home, or the folder that a cluster has on a machine that was there before.
            let home = try await node.run("pwd").lines[0]
            try await node.download(from: home + "/names/" + name, to: folder + "/back")
            #expect(try String(contentsOfFile: folder + "/back", encoding: .utf8) == content)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aFolderKeepsItsShapeAndModes(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let tree = folder + "/tree"
            try FileManager.default.createDirectory(atPath: tree + "/sub/empty", withIntermediateDirectories: true)
            try Data([0, 255, 10, 13]).write(to: URL(fileURLWithPath: tree + "/sub/bytes"))
            try "#!/bin/sh\necho ran\n".write(toFile: tree + "/run", atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tree + "/run")
            try await node.upload(from: URL(fileURLWithPath: tree), to: node.run("pwd").lines[0] + "/copy")
            #expect(try await node.run("copy/run").standardOutput == "ran\n")
            try await node.download(from: "copy", to: URL(fileURLWithPath: folder + "/back"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/back/sub/bytes")) == Data([0, 255, 10, 13]))
            #expect(FileManager.default.fileExists(atPath: folder + "/back/sub/empty"))
            // A folder that is there already is gone into, as with `cp -R`.
            try await node.upload(from: tree, to: "copy")
            #expect(try await node.run("test -x copy/tree/run").exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func rootWritesWhereUbuntuMayNot(
        backend: BackendUnderTest
    )
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

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatIsNotThereIsNamed(
        backend: BackendUnderTest
    )
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

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatIsThereIsGoneIntoOrWrittenOverAsByCp(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[1]
        try await withTemporaryFolder { folder in
            try Self.write("new", to: folder + "/file")
            try FileManager.default.createDirectory(atPath: folder + "/tree/sub", withIntermediateDirectories: true)
            try Self.write("deep", to: folder + "/tree/sub/deep")
            try await node.run(
                "mkdir -p at/folder at/tree/file; echo old >at/old; chmod 600 at/old; ln at/old at/other; ln -s old at/link"
            )
            .requireSuccess()
            func content(_ path: String) async throws -> String { try await node.run("cat at/\(path)").standardOutput }
            // A file goes into a folder that is there, or to the name.
            try await node.upload(from: folder + "/file", to: "at/folder")
            #expect(try await content("folder/file") == "new")
            try await node.upload(from: folder + "/file", to: "at/name")
            #expect(try await content("name") == "new")
            // What is there is written over: its other names, and the links to it, show that.
            try await node.upload(from: folder + "/file", to: "at/link")
            #expect(try await content("other") == "new")
            #expect(try await node.run("test -L at/link").exitCode == 0)
            // A folder that is there keeps what it has, and its mode.
            try await node.run("mkdir -m 711 at/folder/tree; touch at/folder/tree/kept").requireSuccess()
            try await node.upload(from: folder + "/tree", to: "at/folder/")
            #expect(try await content("folder/tree/sub/deep") == "deep")
            #expect(
                try await node.run("ls at/folder/tree; stat -c %a at/folder/tree").lines == ["kept", "sub", "711"])
            // What is in it without the folder itself.
            try await node.upload(from: folder + "/tree/.", to: "at/folder")
            #expect(try await content("folder/sub/deep") == "deep")
            // The same on this machine.
            try await node.download(from: "at/tree", to: folder)
            #expect(FileManager.default.fileExists(atPath: folder + "/tree/file"))
            #expect(FileManager.default.fileExists(atPath: folder + "/tree/sub/deep"))
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "file")
            try await node.download(from: "at/folder/tree/sub/deep", to: folder + "/link")
            #expect(try String(contentsOfFile: folder + "/file", encoding: .utf8) == "deep")
            try await node.download(from: "at/folder/.", to: folder)
            #expect(try String(contentsOfFile: folder + "/sub/deep", encoding: .utf8) == "deep")
        }
    }

    /// Each is what is copied, where to, and what is said.
    static let refused = [
        ("tree", "there/file", "is not a folder"), ("file", "there/sub", "is a folder"),
        ("file", "nowhere/", "there is no folder"),
        ("file", "nowhere/x", "there is no folder"), ("tree", "nowhere/x", "there is no folder"),
        ("file", "/dev/null", "neither a file nor a folder"),
        ("file", "there/file/x", "Not a directory"), ("nothing", "x", "there is no file or folder of that name"),
        ("socket", "x", "socket"),
    ]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), refused)
    func whatCanNotBeIsRefusedInBothDirections(
        backend: BackendUnderTest, attempt: (source: String, target: String, message: String)
    ) async throws {
        let node = try backend.cluster[2]
        let script = """
            mkdir -p "$1/tree" "$1/there/sub/file" && touch "$1/file" "$1/there/file" && [ -e "$1/socket" ] ||
                python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1] + "/socket")' "$1"
            """
        let there = "/home/ubuntu/refused-\(UUID().uuidString)"
        try await withTemporaryFolder { folder in
            try await node.run(["sh", "-c", script, "sh", there]).requireSuccess()
            #expect(try await Command("sh", ["-c", script, "sh", folder]).output().succeeded)
            func place(_ path: String, _ folder: String) -> String { path.hasPrefix("/") ? path : folder + "/" + path }
            // A file goes into the folder `sub`, where a folder has its name.
            let up = try await #require(throws: ClusterError.self) {
                try await node.upload(
                    from: folder + "/" + attempt.source, to: place(attempt.target, there), as: .root)
            }
            let down = try await #require(throws: ClusterError.self) {
                try await node.download(from: there + "/" + attempt.source, to: place(attempt.target, folder))
            }
            for error in [up, down] {
                #expect(error.code == .transferFailed)
                #expect(error.node == node.name && error.message.contains(node.name))
                #expect(error.message.contains(attempt.source) && error.message.contains(attempt.target), "\(error)")
                #expect(error.message.contains(attempt.message), "\(error)")
            }
            #expect(try await node.run("test -c /dev/null").exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatCanNotBeReadIsNamedAndTheRestIsThere(
        backend: BackendUnderTest
    ) async throws {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            try await node.run("mkdir partly; touch partly/a partly/z").requireSuccess()
            let place = try await node.run("pwd").lines[0] + "/partly/secret"
            try await node.run(["install", "-m", "600", "/dev/null", place], as: .root).requireSuccess()
            let error = try await #require(throws: ClusterError.self) {
                try await node.download(from: "partly", to: folder)
            }
            #expect(error.code == .transferFailed)
            #expect(error.message.contains("secret: Cannot open: Permission denied"), "\(error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/partly").sorted() == ["a", "z"])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whereThereIsNoRoomItIsSaid(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            try Data(repeating: 1, count: 80 << 20).write(to: URL(fileURLWithPath: folder + "/big"))
            let error = try await #require(throws: ClusterError.self) {
                try await node.upload(from: folder + "/big", to: "/dev/shm/big")
            }
            #expect(error.code == .transferFailed)
            #expect(error.message.lowercased().contains("no space left on"), "\(error)")
            try await node.run("rm /dev/shm/big").requireSuccess()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func theKernelsOwnFilesAreWhole(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            try await node.download(from: "/proc/sys/kernel/ostype", to: folder + "/there")
            #expect(try String(contentsOfFile: folder + "/there", encoding: .utf8) == "Linux\n")
            #if os(Linux)
            try await node.upload(from: "/proc/sys/kernel/ostype", to: "from-proc")
            #expect(try await node.run("cat from-proc").standardOutput == "Linux\n")
            #endif
            try await node.upload(from: folder + "/there", to: "/etc/hosts.copy", as: .root)
            // Mounted over with Docker: it can be written to, not replaced.
            let hosts = try await node.run("cat /etc/hosts").standardOutput
            try Self.write(hosts + "# the end\n", to: folder + "/hosts")
            try await node.upload(from: folder + "/hosts", to: "/etc/hosts", as: .root)
            #expect(try await node.run("tail -n 1 /etc/hosts").standardOutput == "# the end\n")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func whatNoPathCanBeIsRefused(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        for (source, target) in [("a\0b", "x"), ("/etc/hostname", "a\0b"), ("", "x")] {
            let error = try await #require(throws: ClusterError.self) {
                try await node.upload(from: source, to: target)
            }
            #expect(error.code == .invalidConfiguration)
        }
    }

    private static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
