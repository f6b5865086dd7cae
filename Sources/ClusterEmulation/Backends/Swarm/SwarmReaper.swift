import CScripts
import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A container on the Swarm's manager that takes a cluster away if this process dies, or the machine that it is on:
/// `CScripts/reap-swarm.py`.
///
/// It has the manager's engine and nothing else: no network, no rights of root's, nothing that it could write to. What it reads comes from
/// this process alone, and ends with it.
final class SwarmReaper: Sendable {
    private let lifeline: FileDescriptor
    private let process: Task<String, Never>
    private let heart: Task<Void, Never>

    private init(lifeline: FileDescriptor, process: Task<String, Never>) {
        self.lifeline = lifeline
        self.process = process
        // Ten minutes without a word are an end too: of a connection that nobody has told of it.
        heart = Task {
            while (try? await Task.sleep(for: .seconds(60))) != nil { Self.tell("still here", lifeline) }
        }
    }

    /// Starts the container; it watches when this returns.
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - manager: The manager's engine.
    ///   - image: The node image, which all machines have that have nodes.
    ///   - machines: The Swarm's names for the machines that have nodes.
    /// - Returns: What ends the watch.
    /// - Throws: ``ClusterError`` if the container could not be started.
    static func start(
        _ cluster: ClusterID, on manager: DockerEngine, image: String, machines: [String]
    ) async throws -> SwarmReaper {
        let (reading, writing) = try StreamSocket.pair()
        Forks.keepFromChildren(writing.rawValue)
        let command = manager.command(words(cluster, image, machines))
        var options = PlatformOptions()
        options.createSession = true
        let (lines, said) = AsyncStream.makeStream(of: String.self)
        let process = Task { [options] in
            let complaint = Locked("")
            do {
                _ = try await Subprocess.run(
                    command.executable, arguments: Arguments(command.arguments), platformOptions: options,
                    input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .sequence,
                    error: .combinedWithOutput
                ) { execution in
                    for try await line in execution.standardOutput.strings() {
                        complaint.withLock { $0 = line }
                        said.yield(line)
                    }
                }
            } catch { complaint.withLock { $0 = "\(error)" } }
            said.finish()
            return complaint.withLock { $0 }
        }
        for await line in lines where line.hasPrefix("watching") {
            return SwarmReaper(lifeline: writing, process: process)
        }
        Forks.close(writing.rawValue)
        throw ClusterError(
            .provisioningFailed,
            ClusterError.sentence(
                "What takes the cluster away could not be started on the Swarm: \(DockerEngine.cause(await process.value))"
            ))
    }

    private static func words(_ cluster: ClusterID, _ image: String, _ machines: [String]) -> [String] {
        let name = DockerArguments.network(cluster)
        let program = ["-c", "import sys; exec(sys.argv[1])", String(cString: swarm_reaping_program())]
        let socket = "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"
        return ["run", "--interactive", "--rm", "--sig-proxy=false", "--network", "none", "--read-only"]
            + ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--mount", socket, "--user", "root"]
            + ["--log-driver", "none", "--entrypoint", "python3", image] + program
            + ["watch", name, "\(geteuid())", image, "\(name)-reaper", machines.joined(separator: ",")]
    }

    /// Ends the watch: everything is removed already, or meant to stay.
    func dismiss() async {
        heart.cancel()
        Self.tell("done", lifeline)
        Forks.close(lifeline.rawValue)
        _ = await process.value
    }

    /// Lets the container do its work, and returns when it has begun.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed` if it could not.
    func release() async throws {
        heart.cancel()
        Forks.close(lifeline.rawValue)
        let said = await process.value
        guard said.hasPrefix("reaping") else {
            throw ClusterError(
                .teardownFailed,
                ClusterError.sentence("The Swarm could not be told to take the rest away: \(DockerEngine.cause(said))"))
        }
    }

    private static func tell(_ line: String, _ lifeline: FileDescriptor) {
        StreamSocket.tell("\(line)\n", to: lifeline)
    }
}
