#if os(Linux)
import Foundation
import Glibc

/// A folder of the cache in which a part of an image is made, by shell programs that run as root of a cluster's users: what an
/// image brings is nobody on this machine while it is made, as it will be in a node.
struct ImageWorkshop: Sendable {
    /// The cache, and the name of the folder in it.
    let cache: String
    let name: String

    /// The folder, as this process names it.
    var folder: String { "\(cache)/\(name)" }

    /// A folder of the cache, as the programs name it. They may have no way to where the cache is, so root shows it to them here.
    func inside(_ path: String) -> String {
        ClusterUsers.makerIsRoot ? Self.door + path.dropFirst(cache.count) : path
    }

    private static let door = "/mnt"

    /// Makes the folder, and gives it to the programs with what a closure puts in there, under the name `input`.
    func prepare(_ input: () async throws -> Void = {}) async throws {
        guard mkdir(folder, 0o755) == 0 else {
            throw ClusterError(
                .imageUnavailable, "\(folder) could not be made: \(String(cString: strerror(errno))).",
                remedy: OwnFolder.remedy)
        }
        try await input()
        try await giveAway()
    }

    /// Makes the input a copy of something.
    func copy(_ source: String) async throws { try await command("cp", ["-R", "--", source, folder + "/input"]) }

    /// Makes the input an archive of a folder.
    func archive(_ source: String) async throws {
        let words = ["--create", "--directory", source, "--one-file-system", "--numeric-owner", "--xattrs"]
        try await command("tar", words + ["--file", folder + "/input", "."])
    }

    private func giveAway() async throws {
        guard ClusterUsers.makerIsRoot else { return }
        let owner = ClusterUsers.root
        try await command("chown", ["--recursive", "--no-dereference", "\(owner):\(owner)", folder])
    }

    private func command(_ program: String, _ words: [String]) async throws {
        let output = try await Command(program, words).output()
        guard output.succeeded else {
            throw ClusterError(
                .imageUnavailable, "An image could not be made: \(output.complaint)", remedy: OwnFolder.remedy)
        }
    }

    /// Runs a shell program in namespaces of its own; it stops at the first command that fails.
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`, beginning with `failure`, with the program's last lines.
    func run(
        _ text: String, _ words: [String], else failure: String, remedy: String? = nil, timeline: Timeline
    ) async throws {
        let shell = ["env", "-i", Self.path, "HOME=/root", "sh", "-c", Self.first, "sh", "-ec", text, "image"] + words
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--propagation", "private"]
        let (code, log) = try await withUsers { entering in
            try await timeline.follow(Command("unshare", entering + namespaces + shell))
        }
        guard code == 0 else {
            throw ClusterError.failedBuild(
                "\(failure), exit code \(code)", log: log, writingTo: cache, remedy: remedy)
        }
    }

    /// The first process of the namespaces, with which all others end. It ends with the program, or when its standard input does,
    /// which is when this process dies.
    private static let first = """
        exec 3<&0 </dev/null
        trap 'exit 143' TERM
        { read -r word <&3; kill -TERM $$; } &
        sh "$@" 3<&- &
        wait $!
        """

    /// Gives a closure the words for unshare(1) by which what follows has the users of a cluster.
    private func withUsers<Result>(_ body: ([String]) async throws -> Result) async throws -> Result {
        guard ClusterUsers.makerIsRoot else { return try await body(Self.ownUsers) }
        let users = try await HeldUsers()
        let entering = """
            mount --bind "$1" \(Self.door)
            users=$2
            shift 2
            exec nsenter --user="$users" unshare "$@"
            """
        let result = try await body(
            ["--mount", "--propagation", "private", "sh", "-ec", entering, "users", cache, users.path])
        withExtendedLifetime(users) {}
        return result
    }

    /// What belongs to the users of an ordinary user's clusters is only removed as their root.
    func remove() async throws {
        guard FileManager.default.fileExists(atPath: folder) else { return }
        if ClusterUsers.makerIsRoot { return try OwnFolder(cache, for: .readers).remove(name) }
        _ = try await Command("unshare", Self.ownUsers + ["rm", "-rf", "--one-file-system", "--", folder]).output()
    }

    private static let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The same users as an ordinary user's cluster has: ``ClusterUsers``.
    private static let ownUsers = ["--user", "--map-root-user", "--map-auto"]
}
#endif
