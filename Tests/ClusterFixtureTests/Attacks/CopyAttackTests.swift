import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Archives that a node's root has made to write where nothing is copied to on this machine.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct CopyAttackTests {
    /// Puts a `tar` in front of the node's own, which sends what these lines of Python add, whatever it is asked for.
    private static func send(_ entries: String, from node: Node) async throws {
        let script = """
            #!/usr/bin/python3
            import io, sys, tarfile
            archive = tarfile.open(mode="w|", fileobj=sys.stdout.buffer)
            def add(name, type=tarfile.REGTYPE, link="", mode=0o6777, data=b"hostile"):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname, entry.mode = type, link, mode
                entry.size = len(data) if type == tarfile.REGTYPE else 0
                archive.addfile(entry, io.BytesIO(data))
            \(entries)
            archive.close()
            """
        let line = "cat >/usr/local/bin/tar && chmod 755 /usr/local/bin/tar"
        try await node.run(line, as: .root, standardInput: script).requireSuccess()
    }

    /// Everything in a folder, hidden names too.
    private static func contents(of folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    private static func text(of path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// A folder with one file, which nobody has named.
    private static func makeOutside(in folder: String) throws -> (folder: String, file: String) {
        let outside = folder + "/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: false)
        try "mine".write(toFile: outside + "/authorized_keys", atomically: false, encoding: .utf8)
        return (outside, outside + "/authorized_keys")
    }

    /// By names, by links and by a hard link.
    private static let beside = """
        add("./inside")
        for name in ["../beside", "./../beside", "./sub/../../beside", "OUTSIDE/absolute"]: add(name)
        add("./up", tarfile.SYMTYPE, "..")
        add("./up/beside")
        add("./away", tarfile.SYMTYPE, "OUTSIDE")
        add("./away/beside")
        add("./hard", tarfile.LNKTYPE, "../victim")
        add("./hard")
        add("./victim")
        add("./copied")
        """

    @Test(arguments: try await BackendUnderTest.usable())
    func aHostileNodeWritesNothingBesideTheCopy(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await withTemporaryFolder { folder in
                let manager = FileManager.default
                try "mine".write(toFile: folder + "/victim", atomically: false, encoding: .utf8)
                try manager.createDirectory(atPath: folder + "/outside", withIntermediateDirectories: false)
                try await node.run("mkdir tree; touch copied").requireSuccess()
                let entries = Self.beside.replacingOccurrences(of: "OUTSIDE", with: folder + "/outside")
                try await Self.send(entries, from: node)
                let error = await #expect(throws: ClusterError.self) {
                    try await node.download(from: "tree", to: folder + "/copy")
                }
                #expect(error?.code == .transferFailed)
                #expect(manager.fileExists(atPath: folder + "/copy/inside"))
                let attributes = try manager.attributesOfItem(atPath: folder + "/copy/inside")
                #expect(attributes[.posixPermissions] as? Int == 0o777)
                try await node.download(from: "copied", to: folder + "/copied")
                #expect(
                    try manager.contentsOfDirectory(atPath: folder).sorted() == ["copied", "copy", "outside", "victim"])
                #expect(try manager.contentsOfDirectory(atPath: folder + "/outside") == [])
                #expect(try Self.text(of: folder + "/victim") == "mine")
            }
        }
    }

    /// What comes in place of the only file that is asked for.
    private static let impostors = [
        #"add("./copied", tarfile.LNKTYPE, "outside/authorized_keys"); add("./copied")"#,
        #"add("./other"); add("./copied", tarfile.LNKTYPE, "./other")"#,
        #"add("./copied", tarfile.CHRTYPE)"#,
        #"add("./copied", tarfile.BLKTYPE)"#,
        #"add("./copied", tarfile.FIFOTYPE)"#,
        #"add("./copied", tarfile.DIRTYPE); add("./copied/inside")"#,
        #"add("./copied", tarfile.SYMTYPE, "outside/authorized_keys")"#,
    ]

    @Test(arguments: try await BackendUnderTest.usable())
    func onlyAFileComesWhereAFileIsAskedFor(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("touch copied").requireSuccess()
            for entries in Self.impostors {
                try await Self.send(entries, from: node)
                try await withTemporaryFolder { folder in
                    let outside = try Self.makeOutside(in: folder)
                    let error = await #expect(throws: ClusterError.self, "\(entries)") {
                        try await node.download(from: "copied", to: folder + "/copied")
                    }
                    #expect(error?.code == .transferFailed, "\(entries)")
                    #expect(error?.message.contains("copied") == true)
                    #expect(try Self.text(of: outside.file) == "mine", "\(entries)")
                    #expect(try Self.contents(of: folder) == ["outside", "outside/authorized_keys"], "\(entries)")
                }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFolderBringsNeitherDevicesNorPipes(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("mkdir tree").requireSuccess()
            let entries = #"add("./sub/inside"); add("./sub/pipe", tarfile.FIFOTYPE); add("./null", tarfile.CHRTYPE)"#
            try await Self.send(entries, from: node)
            try await withTemporaryFolder { folder in
                // To a new name, and into the folder that is there by then.
                for target in [folder + "/tree", folder] {
                    let error = await #expect(throws: ClusterError.self) {
                        try await node.download(from: "tree", to: target)
                    }
                    #expect(error?.code == .transferFailed)
                    #expect(error?.message.contains("sub/pipe is a named pipe") == true, "\(error as Any)")
                    #expect(error?.message.contains("null") == true, "\(error as Any)")
                    #expect((try? Self.contents(of: folder)) == ["tree", "tree/sub", "tree/sub/inside"])
                }
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aLinkThatWasCopiedLeadsNoLaterCopyAway(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("mkdir tree; touch tree/keys").requireSuccess()
            try await withTemporaryFolder { folder in
                let outside = try Self.makeOutside(in: folder)
                let links = """
                    add("./evil", tarfile.SYMTYPE, "\(outside.folder)")
                    add("./keys", tarfile.SYMTYPE, "\(outside.file)")
                    """
                try await Self.send(links, from: node)
                try await node.download(from: "tree", to: folder)
                try await Self.send(#"add("./evil/authorized_keys"); add("./evil/new"); add("./good")"#, from: node)
                for (source, target) in [("tree", folder), ("tree/.", folder + "/tree")] {
                    let error = await #expect(throws: ClusterError.self) {
                        try await node.download(from: source, to: target)
                    }
                    #expect(error?.code == .transferFailed)
                    #expect(error?.message.contains("tree/evil: what is there is a link") == true, "\(error as Any)")
                }
                // A file that is copied into the folder takes the link's place.
                try await Self.send(#"add("./keys"); add("./authorized_keys")"#, from: node)
                try await node.download(from: "tree/keys", to: folder + "/tree")
                #expect(try Self.text(of: folder + "/tree/keys") == "hostile")
                #expect(try Self.text(of: outside.file) == "mine")
                #expect(
                    try Self.contents(of: folder) == [
                        "outside", "outside/authorized_keys", "tree", "tree/evil", "tree/good", "tree/keys",
                    ])
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFolderDoesNotFollowTheUsersOwnLink(backend: BackendUnderTest) async throws {
        try await withCluster(backend: backend.choice) { cluster in
            let node = cluster[0]
            try await node.run("mkdir tree").requireSuccess()
            let entries = #"add("./results", tarfile.DIRTYPE); add("./results/authorized_keys"); add("./good")"#
            try await Self.send(entries, from: node)
            try await withTemporaryFolder { folder in
                let outside = try Self.makeOutside(in: folder)
                let manager = FileManager.default
                try manager.createDirectory(atPath: folder + "/tree", withIntermediateDirectories: false)
                try manager.createSymbolicLink(
                    atPath: folder + "/tree/results", withDestinationPath: outside.folder)
                let error = await #expect(throws: ClusterError.self) {
                    try await node.download(from: "tree", to: folder)
                }
                #expect(error?.code == .transferFailed)
                #expect(error?.message.contains("tree/results: what is there is a link") == true, "\(error as Any)")
                #expect(try manager.destinationOfSymbolicLink(atPath: folder + "/tree/results") == outside.folder)
                #expect(try Self.text(of: outside.file) == "mine")
                #expect(
                    try Self.contents(of: folder) == [
                        "outside", "outside/authorized_keys", "tree", "tree/good", "tree/results",
                    ])
                // What the user names may be a link, and is followed.
                try manager.createSymbolicLink(atPath: folder + "/named", withDestinationPath: "tree")
                try manager.removeItem(atPath: folder + "/tree/results")
                try await node.download(from: "tree/.", to: folder + "/named")
                #expect(try Self.text(of: folder + "/tree/results/authorized_keys") == "hostile")
            }
        }
    }
}
