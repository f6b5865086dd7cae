import ArgumentParser
import ClusterEmulation
import Foundation

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a command with a cluster of its own, and removes the cluster when it has ended.",
        discussion: """
            The command finds CLUSTER_NAME, CLUSTER_NODES, CLUSTER_IPS, CLUSTER_SSH_CONFIG, CLUSTER_KNOWN_HOSTS, \
            CLUSTER_INVENTORY, CLUSTER_USER, CLUSTER_KEY, CLUSTER_HOST_IP (where this machine is in the nodes' network), and \
            for each node CLUSTER_NODE1_HOST, _PORT, _IP and _PORT_8787 (for a published port) in its environment; ssh, \
            scp, sftp and whatever calls them know the nodes by name. For root on Linux, every program knows them: the command \
            has an /etc/hosts and an /etc/ssh/ssh_config of its own. `cluster-fixture run` ends with the command's exit code; as a shell does, with 127 if there \
            is no such program, and with 126 if it can't be run.

            EXAMPLES:
              cluster-fixture run --nodes 3 -- pytest tests/
              cluster-fixture run --nodes 2 -- rsync -a data/ node1:data/
              cluster-fixture run --inside node1 --package make -- make check
            """)

    @OptionGroup var options: ClusterOptions

    @Flag(
        inversion: .prefixedNo, help: "Let ssh, scp, sftp, rsync, and for root every program, find the nodes by name.")
    var shims = true

    @Option(
        help:
            "Run the command on this node instead, in the current folder, which is mounted there, with the cluster's variables."
    )
    var inside: String?

    @Option(name: .shortAndLong, help: "The user who runs it there: root or ubuntu.")
    var user: User = .root

    @Option(
        help:
            "Save the nodes' logs and how they are doing, and a page with all that happened (timeline.html), in this folder when the command fails.",
        completion: .directory)
    var logs: String?

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("There is no command after `--`: `cluster-fixture run --nodes 3 -- hostname`.")
        }
    }

    func run() async throws {
        let here = FileManager.default.currentDirectoryPath
        let configuration = try configuration(in: here)
        try configuration.validate()
        // Nothing is started for a program that is not there. What a node has is not known yet.
        if inside == nil { try ForegroundProcess.requireProgram(command[0]) }
        // Told before the command runs, not after.
        let logFolder = try logs.map { try OwnFolder.ensured($0, for: .anyone) }
        let cluster = try await start(configuration)
        let code: Int32
        do {
            code = try await execute(on: cluster, in: here)
        } catch {
            try await cluster.stop()
            throw error
        }
        if code != 0 {
            cluster.timeline.note(.issue, "`\(command.joined(separator: " "))` ended with exit code \(code).")
        }
        try await finish(cluster, failed: code != 0, logs: logFolder)
        Foundation.exit(code)
    }

    private func start(_ configuration: ClusterConfiguration) async throws -> Cluster {
        let claim = try await configuration.claimName()
        defer { claim?.release() }
        return try await Interruptible.run { try await Cluster.start(configuration, timeline: .console()) }
    }

    private func configuration(in folder: String) throws -> ClusterConfiguration {
        var configuration = try options.configuration()
        guard let inside else { return configuration }
        let names = ClusterLayout(configuration).nodes.map(\.name)
        guard names.contains(inside) else {
            throw ValidationError(
                "--inside names \(inside), and the cluster will have only \(names.joined(separator: ", ")).")
        }
        configuration.mounts.append(Mount(folder, at: folder))
        return configuration
    }

    private func execute(on cluster: Cluster, in folder: String) async throws -> Int32 {
        if let inside {
            return try await execute(InsideCommand(command, in: folder, on: cluster[inside], as: user), cluster)
        }
        // Should this process be killed, the command ends with its cluster.
        let process = try ForegroundProcess(command, with: cluster.inventory, shims: shims, telling: cluster.notice)
        let code = await process.wait()
        cluster.alsoEnd(nil)
        return code
    }

    private func execute(_ inside: InsideCommand, _ cluster: Cluster) async throws -> Int32 {
        let process = try await inside.start(cluster)
        let code = await process.wait { inside.pass($0, cluster) }
        cluster.alsoEnd(nil)
        return code
    }

    private func finish(_ cluster: Cluster, failed: Bool, logs: OwnFolder?) async throws {
        if failed, let logs {
            // Trouble with logs neither changes the command's exit code nor leaves the cluster behind.
            do { try await cluster.evidence(of: command.joined(separator: " ")).write(to: logs) } catch {
                Console.error("the logs of the nodes could not be saved: \(error)")
            }
        }
        if failed, try Breakpoint.current == .failure {
            await cluster.hold(after: "`\(command.joined(separator: " "))`", evidence: logs?.path)
        }
        if try Retention.current.keeps(failed: failed) {
            Console.note(try await cluster.keep())
        } else {
            try await cluster.stop()
        }
    }
}
