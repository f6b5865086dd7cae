import CScripts
import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// A process in a session of its own that outlives this one and removes a cluster if this one dies, however it dies.
///
/// It is a shell that runs `CScripts/reaper.sh`. It waits on a socket whose other end only this process holds. Told `done`,
/// it ends; when the socket closes without a word, it removes what is left. (It is not a pipe, because writing to one whose
/// reader is dead raises a signal.)
package final class Reaper: Sendable {
    private let lifeline: FileDescriptor
    private let process: Task<Void, Never>

    private init(lifeline: FileDescriptor, process: Task<Void, Never>) {
        self.lifeline = lifeline
        self.process = process
    }

    /// Starts the process; it is there when this returns.
    ///
    /// - Parameters:
    ///   - workspace: The cluster's folder on this machine, which goes in any case. It may not be there yet.
    ///   - script: What else has to go.
    /// - Returns: The process, waiting.
    /// - Throws: ``ClusterError`` if it could not be started.
    package static func start(_ workspace: Workspace, script: ReapingScript?) async throws -> Reaper {
        let (reading, writing) = try StreamSocket.pair()
        let text = """
            leave_nodes() {
            :
            \(script?.first ?? "")
            }
            remove_nodes() {
            :
            \(script?.text ?? "")
            }
            \(String(cString: reaper_script()))
            \(Self.end)
            """
        let arguments =
            [
                "-c", Self.reading(text.utf8.count), "cluster-fixture-reaper", workspace.folder, Workspace.markFile,
                "\(workspace.cluster, default: "")",
            ] + (script?.arguments ?? [])
        var options = PlatformOptions()
        options.createSession = true
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let process = Task { [options] in
            _ = try? await Subprocess.run(
                .path("/bin/sh"), arguments: Arguments(arguments), environment: Self.environment,
                platformOptions: options,
                input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .discarded, error: .discarded
            ) { _ in continuation.yield() }
            continuation.finish()
        }
        Forks.keepFromChildren(writing.rawValue)
        for await _ in started {
            let reaper = Reaper(lifeline: writing, process: process)
            reaper.tell(text)
            return reaper
        }
        Forks.close(writing.rawValue)
        throw ClusterError(.missingProgram, "/bin/sh could not be started to watch over the cluster.")
    }

    /// What the shell begins with: it reads a script of so many bytes, which were sent at once, and runs it. (A shell's own `read`
    /// takes one byte at a time, 4 ms in all, when the nodes need the processors.) A process that dies before it has sent all of
    /// it has made nothing yet.
    private static func reading(_ length: Int) -> String {
        """
        text=$(dd bs=\(length) count=1 2>/dev/null)
        case $text in *'\(end)') eval "$text" ;; esac
        """
    }
    private static let end = "# the end"

    /// It runs on after the test, whose environment is nobody's business: it keeps what leads to programs and to an engine.
    static var environment: Environment {
        let own = ProcessInfo.processInfo.environment
        return .custom(
            Dictionary(
                uniqueKeysWithValues: variables.compactMap { name in
                    own[name].map { (Environment.Key(stringLiteral: name), $0) }
                }))
    }

    private static let variables = [
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH", "SSH_AUTH_SOCK",
        "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_TLS_VERIFY",
        "DOCKER_API_VERSION", "CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINER_SSHKEY", "CONTAINERS_CONF",
        "CONTAINERS_REGISTRIES_CONF", "CONTAINERS_STORAGE_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
    ]

    /// Names a program that is to end as well if this process dies; nil takes the last name back.
    package func alsoEnd(_ process: Int32?) {
        if let process { notice.send(process) } else { tell("also") }
    }

    /// The same, for a program that is about to be started.
    package var notice: ProcessNotice { ProcessNotice(socket: lifeline.rawValue, before: "also ", after: "\n") }

    /// Ends the process: everything is removed already, or meant to stay.
    package func dismiss() async {
        tell("done")
        Forks.close(lifeline.rawValue)
        await ended()
    }

    /// Returns when the process has ended.
    package func ended() async { await process.value }

    private func tell(_ line: String) { StreamSocket.tell("\(line)\n", to: lifeline) }

    /// Lets the process do its work, now and without this process waiting for it.
    package func release() { Forks.close(lifeline.rawValue) }
}
