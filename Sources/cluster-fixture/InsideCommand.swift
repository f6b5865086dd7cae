import CScripts
import ClusterEmulation
import Foundation

/// A command on a node that is to be as if it ran here: with the cluster's variables, this terminal, signals and exit codes.
struct InsideCommand: Sendable {
    private let words: [String]
    private let folder: String
    private let node: Node
    private let user: User

    /// Where a node has what the command finds of the cluster.
    private static let place = "/run/cluster-fixture"

    init(_ words: [String], in folder: String, on node: Node, as user: User) {
        (self.words, self.folder, self.node, self.user) = (words, folder, node, user)
    }

    /// Starts the command.
    ///
    /// - Throws: ``ClusterError`` with the code `missingProgram` if the node doesn't have what it needs.
    func start(_ cluster: Cluster) async throws -> ForegroundProcess {
        let homes = try await node.run("getent passwd root ubuntu | cut -d: -f1,6", as: .root).requireSuccess().lines
        let inventory = cluster.inventory.inside(
            Self.place, homes: Dictionary(homes.map { Self.pair($0) }) { first, _ in first }, for: user)
        let needs = ProgramNeeds(words[0], in: folder)
        let missing = try await node.run(
            ["sh", "-c", String(cString: inside_preparing_script()), "sh", Self.place, "\(user)"] + needs.all,
            as: .root,
            environment: ["SSH_CONFIG": inventory.insideConfiguration], standardInput: inventory.json
        ).requireSuccess().lines
        if !missing.isEmpty { throw needs.error(missing: missing, on: node.name) }
        // In a file: sshd takes 129 variables from a client, and each node has three.
        let variables = Self.place + "/variables"
        try await node.write(inventory.text(.environment), to: variables, as: user)
        let script = String(cString: inside_running_script())
        let line = ["exec", "sh", "-c", script, "sh", Self.place + "/pid", variables, folder] + words
        // A connection of its own: what is asked of ssh here is not what the others ask.
        let ssh =
            ["ssh", "-F", cluster.sshConfigurationFile, "-o", "LogLevel=ERROR"]
            + [Self.hasTerminal ? "-t" : "-T", "--", "\(user)@\(node.name)"]
            + [line.map(shellQuoted).joined(separator: " ")]
        // Signals are for the command, not for ssh, which would end and leave it.
        let words = ["/bin/sh", "-c", #"trap "" INT QUIT TERM HUP; exec "$@""#, "sh"] + ssh
        return try ForegroundProcess(words, environment: [:], telling: cluster.notice)
    }

    /// Whether the command gets a terminal: what it prints goes to two places otherwise.
    private static var hasTerminal: Bool {
        [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].allSatisfy { isatty($0) == 1 }
    }

    /// Passes a signal on to the command, by the backend's own way.
    func pass(_ signal: ReceivedSignal, _ cluster: Cluster) {
        let script = """
            tries=0
            while [ ! -s "$1" ] && [ $((tries += 1)) -lt 200 ]; do sleep 0.05; done
            kill -"$2" "$(cat "$1")"
            """
        let (handle, node) = (cluster.handle, node.name)
        Task {
            let words = ["sh", "-c", script, "sh", Self.place + "/pid", "\(signal.number)"]
            // A node that is gone has ended the command already.
            _ = try? await handle.execute(words, on: node)
        }
    }

    private static func pair(_ line: String) -> (String, String) {
        let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
        return (parts[0], parts.count == 2 ? parts[1] : "")
    }
}
