import ArgumentParser
import ClusterEmulation
import Foundation

struct Lease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a command with a cluster of a pool, which is ready at once.",
        discussion: """
            The command finds what `run` gives it, and its cluster is removed when it has ended. Each lease gets a cluster of its own, that nobody has used before, so that \
            workers can be run in parallel. With --for-pid there is no command: the cluster ends with that process, and \
            its variables are printed for a shell, or what --format says.

            EXAMPLES:
              cluster-fixture pool start --nodes 3 --size 4
              cluster-fixture lease -- pytest tests/test_deploy.py
              eval "$(cluster-fixture lease --for-pid $$)" && ssh -F "$CLUSTER_SSH_CONFIG" node1
            """)

    @Option(help: "The pool's name; without it, the only one that there is.")
    var pool: String?

    @Option(name: .customLong("for-pid"), help: "The process that the cluster ends with, such as $$.")
    var process: Int32?

    @Option(
        name: .shortAndLong,
        help:
            "With --for-pid, what is printed: \(InventoryFormat.allCases.map(\.rawValue).joined(separator: ", ")). (default: env)"
    )
    var format: InventoryFormat?

    @Flag(
        inversion: .prefixedNo, help: "Let ssh, scp, sftp, rsync, and for root every program, find the nodes by name.")
    var shims = true

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func validate() throws {
        if process == nil, command.isEmpty {
            throw ValidationError(
                "Write a command after `--`, or name the process that the cluster ends with: --for-pid PID.")
        }
        if process != nil, !command.isEmpty { throw ValidationError("Write a command or --for-pid, not both.") }
        if process == nil, format != nil { throw ValidationError("--format is for --for-pid.") }
    }

    func run() async throws {
        if let program = command.first { try ForegroundProcess.requireProgram(program) }
        let (answer, connection) = try await PoolFolder.find(pool).ask(PoolMessage.Request(.lease, process: process))
        guard let inventory = answer.cluster else { throw ClusterError(.noCluster, "The pool has given no cluster.") }
        if process != nil {
            let text = try inventory.text(format ?? .environment)
            Console.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
            return
        }
        // Should this process be killed, the command ends with its cluster.
        let notice = connection.notice { PoolMessage.Request(.command, process: $0) }
        let program = try ForegroundProcess(command, with: inventory, shims: shims, telling: notice)
        let code = await program.wait()
        connection.write(PoolMessage.Request(.done))
        connection.close()
        Foundation.exit(code)
    }
}
