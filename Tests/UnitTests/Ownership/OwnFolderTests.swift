import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Folders and files are used only as what they are.
@Suite struct OwnFolderTests {
    private func expectRefusal(_ reason: String, _ body: () throws -> Void) {
        let error = #expect(throws: ClusterError.self) { try body() }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func aFolderThatIsALinkIsRefusedHoweverItIsNamed() throws {
        try withFolder { folder in
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder)
            for path in ["/link", "/link/", "/link//"] {
                expectRefusal("it is a link or a file") { _ = try OwnFolder(folder + path) }
                expectRefusal("it is a link") { _ = try OwnFolder.ensured(folder + path, for: .anyone) }
            }
            #expect(throws: ClusterError.self) { try OwnFolder.make(folder + "/link") }
        }
    }

    @Test(arguments: [0o770, 0o701, 0o755, 0o710] as [mode_t]) func aFolderThatOthersMayEnterIsRefused(mode: mode_t)
        throws
    {
        try withFolder { folder in
            chmod(folder, mode)
            expectRefusal("others may enter it (mode \(String(mode, radix: 8)))") { _ = try OwnFolder(folder) }
        }
    }

    @Test(arguments: [0o770, 0o702, 0o722] as [mode_t]) func aCacheThatOthersMayWriteIsRefused(mode: mode_t) throws {
        try withFolder { folder in
            chmod(folder, 0o755)
            _ = try OwnFolder(folder, for: .readers)
            chmod(folder, mode)
            expectRefusal("others may write to it (mode \(String(mode, radix: 8)))") {
                _ = try OwnFolder(folder, for: .readers)
            }
        }
    }

    @Test(.requiresRoot) func aFolderOfAnotherUsersIsRefused() throws {
        try withFolder { folder in
            chown(folder, 65534, 65534)
            for access in [OwnFolder.Access.owner, .readers, .anyone] {
                expectRefusal("it belongs to another user") { _ = try OwnFolder(folder, for: access) }
            }
        }
    }

    @Test func aFileIsReadOnlyIfNobodyElseCanHaveWrittenIt() throws {
        try withFolder { folder in
            let own = try OwnFolder(folder)
            try own.write("hello", to: "file")
            #expect(try own.read("file") == Data("hello".utf8))
            symlink("file", folder + "/link")
            expectRefusal("it is a link") { _ = try own.read("link") }
            mkfifo(folder + "/pipe", 0o600)
            expectRefusal("not a regular file") { _ = try own.read("pipe") }
            chmod(folder + "/file", 0o620)
            expectRefusal("others may write to it") { _ = try own.read("file") }
            #expect(truncate(folder + "/file", off_t(17 << 20)) == 0)
            chmod(folder + "/file", 0o600)
            expectRefusal("larger than") { _ = try own.read("file") }
        }
    }

    @Test func aFileIsWrittenOnlyWhereNothingIs() throws {
        try withFolder { folder in
            let own = try OwnFolder(folder)
            try own.write("mine", to: "file")
            symlink(folder + "/file", folder + "/link")
            symlink(folder + "/nothing", folder + "/dangling")
            for name in ["file", "link", "dangling"] {
                #expect(throws: ClusterError.self) { try own.write("other", to: name) }
            }
            #expect(try own.read("file") == Data("mine".utf8))
            #expect(!FileManager.default.fileExists(atPath: folder + "/nothing"))
        }
    }

    @Test func whatIsReplacedIsTheLinkAndNotWhatItLeadsTo() throws {
        try withFolder { folder in
            let own = try OwnFolder(folder)
            try own.write("secret", to: "secret")
            symlink("secret", folder + "/node1.log")
            try own.replace("node1.log", with: "log")
            #expect(try own.read("secret") == Data("secret".utf8))
            #expect(try own.read("node1.log") == Data("log".utf8))
            #expect(try own.names() == ["node1.log", "secret"])
        }
    }

    @Test func aClaimThatIsALinkIsRefused() throws {
        try withFolder { folder in
            let own = try OwnFolder(folder)
            try own.write("secret", to: "secret")
            symlink("secret", folder + "/lab")
            expectRefusal("it is a link") { _ = try own.lockFile("lab") }
            close(try own.lockFile("other"))
            close(try own.lockFile("other"))
        }
    }

    @Test func aRemovalTakesLinksAndNotWhatTheyLeadTo() throws {
        try withFolder { folder in
            let own = try OwnFolder(folder)
            let important = try own.make("important")
            try important.write("x", to: "file")
            let tree = try own.make("tree").make("deep")
            try tree.write("x", to: "file")
            for place in ["/tree/link", "/tree/deep/link"] { symlink(important.path, folder + place) }
            try own.remove("tree")
            try own.remove("nothing")
            #expect(try own.names() == ["important"])
            #expect(try important.names() == ["file"])
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/cft-\(ClusterID.random())"
        mkdir(folder, 0o700)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }
}
