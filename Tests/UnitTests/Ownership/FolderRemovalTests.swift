import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A cluster's folder is removed by whoever finds it left behind; nothing else ever is.
@Suite(.timeLimit(.minutes(2))) struct FolderRemovalTests {
    /// Who removes it.
    enum Remover: Sendable, CaseIterable { case library, reaper, typed }

    private func remove(_ workspace: Workspace, by remover: Remover) async throws {
        switch remover {
        case .library: try workspace.remove()
        case .reaper:
            let reaper = try await Reaper.start(workspace, script: nil)
            reaper.release()
            await reaper.ended()
        case .typed: _ = try await Command("sh", ["-c", workspace.removalCommand]).output()
        }
    }

    /// A folder as a cluster has it, in a place with a space and a quotation mark in its name.
    private func withWorkspace(_ body: (Workspace, _ place: OwnFolder) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let place = try OwnFolder(folder).make("it's here")
            let workspace = Workspace(folder: place.path + "/cf-0123456789")
            try workspace.create(for: "docker")
            try Workspace.write("secret", to: workspace.keysFolder + "/root")
            try await body(workspace, place)
        }
    }

    @Test(arguments: Remover.allCases) func whatIsMarkedIsRemovedAndLinksInItNotFollowed(remover: Remover) async throws
    {
        try await withWorkspace { workspace, place in
            let important = try place.make("important")
            try important.write("x", to: "file")
            symlink(important.path, workspace.folder + "/link")
            symlink(important.path, workspace.keysFolder + "/link")
            try await remove(workspace, by: remover)
            #expect(try place.names() == ["important"])
            #expect(try important.names() == ["file"])
        }
    }

    /// What is at the path of a cluster's folder and is not that folder, by a shell that gets the path as `$1`.
    struct Other: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: String
    }

    static let others = [
        Other(testDescription: "without a mark", script: #"rm "$1/owner""#),
        Other(testDescription: "with the mark of another cluster", script: #"sed -i 2s/.*/9876543210/ "$1/owner""#),
        Other(testDescription: "with a mark that only begins like it", script: #"sed -i 2s/$/0/ "$1/owner""#),
        Other(testDescription: "a link to a marked folder", script: #"mv "$1" "$1.d"; ln -s "$1.d" "$1""#),
    ]

    @Test(arguments: others, Remover.allCases)
    func whatIsNotTheClustersFolderIsLeftAlone(other: Other, remover: Remover) async throws {
        try await withWorkspace { workspace, place in
            let done = try await Command("sh", ["-euc", other.script, "sh", workspace.folder]).output()
            try #require(done.succeeded, "\(done.complaint)")
            try await remove(workspace, by: remover)
            let secret = try String(contentsOfFile: workspace.keysFolder + "/root", encoding: .utf8)
            #expect(secret == "secret")
        }
    }

    #if os(Linux)
    @Test(.requiresRoot, arguments: [Remover.library, .reaper]) func aFolderOfAnotherUsersIsLeftAlone(remover: Remover)
        async throws
    {
        try await withWorkspace { workspace, place in
            chown(workspace.folder, 65534, 65534)
            try await remove(workspace, by: remover)
            #expect(FileManager.default.fileExists(atPath: workspace.keysFolder + "/root"))
        }
    }

    /// A bind mount has the device of what is around it.
    @Test(.requiresRoot, arguments: [Remover.library, .reaper]) func whatIsMountedInItIsLeftAlone(remover: Remover)
        async throws
    {
        try await withWorkspace { workspace, place in
            let important = try place.make("important")
            try important.write("x", to: "file")
            let point = workspace.folder + "/mounted"
            mkdir(point, 0o700)
            let mounted = try await Command("mount", ["--bind", important.path, point]).output()
            try #require(mounted.succeeded, "\(mounted.complaint)")
            let refusal: String
            do {
                try await remove(workspace, by: remover)
                refusal = ""
            } catch { refusal = "\(error)" }
            #expect(try await Command("umount", [point]).output().succeeded)
            #expect(try important.names() == ["file"])
            if remover == .library { #expect(refusal.contains("\(point) is left alone: something is mounted there.")) }
            // It has kept its mark: once nothing is mounted there, it goes.
            try await remove(workspace, by: remover)
            #expect(try place.names() == ["important"])
        }
    }
    #endif

    @Test(arguments: [Remover.library, .reaper], [nil, ""])
    func aFolderWhoseMakerDiedBeforeItWasMarkedGoes(remover: Remover, mark: String?) async throws {
        try await withTemporaryFolder { folder in
            let workspace = Workspace(folder: folder + "/cf-0123456789")
            let own = try OwnFolder.make(workspace.folder)
            if let mark { try own.write(mark, to: Workspace.markFile) }
            try await remove(workspace, by: remover)
            #expect(!FileManager.default.fileExists(atPath: workspace.folder))
        }
    }
}
