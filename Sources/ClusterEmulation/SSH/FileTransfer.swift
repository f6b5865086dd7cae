import Foundation

/// Copies between this machine and a node, by scp over the shared connection.
///
/// `-s` makes scp speak SFTP whatever its version: no shell on the node ever reads a path.
struct FileTransfer {
    let access: SSHAccess
    let node: String
    let user: User

    func upload(from source: String, to target: String) async throws {
        let local = Self.absolute(source)
        guard FileManager.default.fileExists(atPath: local) else {
            throw ClusterError(
                .transferFailed, "\(source) can't be copied to \(node): there is no such file or folder.", node: node)
        }
        try await copy(local, remote(target), "\(source) could not be copied to \(target) on \(node)")
    }

    func download(from source: String, to target: String) async throws {
        try await copy(
            remote(Self.withoutPatterns(source)), Self.absolute(target),
            "\(source) on \(node) could not be copied to \(target)")
    }

    private func copy(_ source: String, _ target: String, _ failure: String) async throws {
        let opened = try await access.open(node, user)
        guard opened.succeeded else { throw await access.unreachable(node, user, opened.complaint) }
        let words = ["-F", access.sharedConfigurationFile(of: node), "-s", "-q", "-r", "-p", "--", source, target]
        let output = try await Command("scp", words).output()
        if output.succeeded { return }
        // scp has no exit code of its own for a lost connection: the one who holds the connection knows.
        try await access.requireConnection(to: node, user, output.complaint)
        throw ClusterError(.transferFailed, "\(failure) as \(user): \(output.complaint)", node: node)
    }

    private func remote(_ path: String) -> String { "\(user)@\(node):\(path)" }

    /// scp takes what has a colon before any slash for a remote path, and a leading dash for an option.
    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// scp expands patterns in the paths that it fetches: a path is a path, so they are quoted.
    static func withoutPatterns(_ path: String) -> String {
        path.reduce(into: "") { $0 += #"\*?[]{}"#.contains($1) ? "\\\($1)" : String($1) }
    }
}
