import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A tar archive of files of a node, whether it runs or not, as `docker cp` writes and reads one: with their owners and modes.
struct DockerArchive: Sendable {
    /// Its path.
    let file: String

    init(_ file: String) { self.file = file }

    /// Packs a file or a folder, under its own name.
    ///
    /// - Returns: Whether it is there.
    /// - Throws: ``ClusterError`` if the archive can't be written; `CancellationError`.
    func pack(_ path: String, on node: String, of cluster: DockerCluster) async throws -> Bool {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(node, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let command = cluster.engine.command(["cp", "\(cluster.container(node)):\(path)", "-"])
        let output = try await command.output(writingTo: descriptor)
        if output.succeeded { return true }
        unlink(file)
        // Docker's words, and Podman's. An engine that is not there has no file either, which is its socket.
        let isMissing = output.complains("Could not find the file", "no such file", "could not be found")
        if isMissing, !output.complains("connect to the docker") { return false }
        throw failure(node, output.complaint)
    }

    /// Unpacks it in a folder of a node.
    ///
    /// - Throws: ``ClusterError``; `CancellationError`.
    func unpack(into path: String, on node: String, of cluster: DockerCluster) async throws {
        let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(node, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let command = cluster.engine.command(["cp", "-", "\(cluster.container(node)):\(path)"])
        let output = try await command.output(readingFrom: descriptor)
        guard output.succeeded else { throw failure(node, output.complaint) }
    }

    private func failure(_ node: String, _ cause: String) -> ClusterError {
        ClusterError(
            .transferFailed,
            ClusterError.sentence("Files of \(node) could not be copied: \(DockerEngine.cause(cause))"), node: node)
    }
}
