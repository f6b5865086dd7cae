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
    /// Ends with the last lines that it has said.
    private let process: Task<String, Never>
    private let heart: Task<Void, Never>
    private let steps: Steps
    private let isOver: Locked<Bool>

    /// What it has said of itself; false if it ended before.
    private struct Steps {
        let begun = Once<Bool>()
        let watching = Once<Bool>()
        let reaping = Once<Bool>()

        func note(_ line: String) {
            if line.hasPrefix("watching") { watching.settle(true) }
            if line.hasPrefix("reaping") { reaping.settle(true) }
        }

        func end() {
            for step in [begun, watching, reaping] { step.settle(false) }
        }
    }

    private init(lifeline: FileDescriptor, process: Task<String, Never>, steps: Steps) {
        self.lifeline = lifeline
        self.process = process
        self.steps = steps
        let isOver = Locked(false)
        self.isOver = isOver
        // Ten minutes without a word are an end too: of a connection that nobody has told of it.
        heart = Task {
            while (try? await Task.sleep(for: .seconds(60))) != nil {
                isOver.withLock { if !$0 { Self.tell("still here", lifeline) } }
            }
        }
    }

    /// Begins to start the container. From then on it takes the cluster away, however this process ends: Docker's command, in a session of
    /// its own, starts it all the same, and what it reads has ended then. Of the machines it must be told (``include(_:)``).
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - manager: The manager's engine.
    ///   - image: The node image.
    ///   - patience: How long it may hear nothing before it takes the cluster away.
    /// - Returns: What ends the watch.
    /// - Throws: ``ClusterError`` if Docker's command could not be started.
    static func begin(
        _ cluster: ClusterID, on manager: DockerEngine, image: String, patience: Duration = .seconds(600)
    ) async throws -> SwarmReaper {
        let (reading, writing) = try StreamSocket.pair()
        Forks.keepFromChildren(writing.rawValue)
        let command = manager.command(words(cluster, image, patience))
        var options = PlatformOptions()
        options.createSession = true
        let steps = Steps()
        let process = Task { [options] in
            let said = Locked<[String]>([])
            do {
                _ = try await Subprocess.run(
                    command.executable, arguments: Arguments(command.arguments), environment: Reaper.environment,
                    platformOptions: options,
                    input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .sequence,
                    error: .combinedWithOutput
                ) { execution in
                    steps.begun.settle(true)
                    for try await line in execution.standardOutput.strings() {
                        said.withLock { $0 = $0.suffix(9) + [line] }
                        steps.note(line)
                    }
                }
            } catch { said.withLock { $0.append("\(error)") } }
            steps.end()
            return said.withLock { $0.joined(separator: "\n") }
        }
        let reaper = SwarmReaper(lifeline: writing, process: process, steps: steps)
        // What has been begun is not left behind by whoever is cancelled meanwhile.
        guard await Task(operation: { try? await steps.begun.value }).value == true else {
            throw await reaper.failure()
        }
        return reaper
    }

    /// Tells it the machines that may have nodes from now on. One that has none yet must not be told of unless it has the image: the
    /// container's own work there would wait for the image, and somebody else for the work.
    ///
    /// - Parameter machines: The Swarm's names for them.
    func include(_ machines: [String]) {
        isOver.withLock { if !$0 { Self.tell("on \(machines.joined(separator: ","))", lifeline) } }
    }

    /// Returns when it watches.
    ///
    /// - Throws: ``ClusterError`` if the container could not be started; `CancellationError`.
    func watching() async throws {
        if try await !steps.watching.value { throw await failure() }
    }

    private func failure() async -> ClusterError {
        await dismiss()
        return ClusterError(
            .provisioningFailed,
            ClusterError.sentence(
                "What removes the cluster could not be started on the Swarm: \(DockerEngine.cause(await process.value))"
            ))
    }

    private static func words(_ cluster: ClusterID, _ image: String, _ patience: Duration) -> [String] {
        let name = DockerArguments.network(cluster)
        let program = ["-c", "import sys; exec(sys.argv[1])", String(cString: swarm_reaping_program())]
        let socket = "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"
        return ["run", "--interactive", "--rm", "--sig-proxy=false", "--network", "none", "--read-only"]
            + ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--mount", socket, "--user", "root"]
            + ["--log-driver", "none", "--entrypoint", "python3", image] + program
            + ["watch", name, "\(geteuid())", image, "\(name)-reaper", "\(patience / .seconds(1))"]
    }

    /// Ends the watch: everything is removed already, or meant to stay. What it has said last is known then.
    func dismiss() async {
        end(saying: "done")
        _ = try? await withDeadline(Self.patience) { [process] in
            await withTaskCancellationHandler {
                await process.value
            } onCancel: {
                process.cancel()
            }
        }
    }

    /// How long an engine may take that does not answer any more.
    private static let patience = Duration.seconds(60)

    private func end(saying word: String? = nil) {
        heart.cancel()
        isOver.withLock { isOver in
            if isOver { return }
            isOver = true
            if let word { Self.tell(word, lifeline) }
            Forks.close(lifeline.rawValue)
        }
    }

    /// Lets the container do its work, and returns when it has begun.
    ///
    /// - Throws: ``ClusterError`` with the code `teardownFailed` if it could not; ``DeadlineExceeded`` if its engine says nothing.
    func release() async throws {
        end()
        if try await withDeadline(Self.patience, { [steps] in try await steps.reaping.value }) { return }
        throw ClusterError(
            .teardownFailed,
            ClusterError.sentence(
                "The Swarm could not be told to remove the rest: \(DockerEngine.cause(await process.value))"))
    }

    private static func tell(_ line: String, _ lifeline: FileDescriptor) {
        StreamSocket.tell("\(line)\n", to: lifeline)
    }
}
