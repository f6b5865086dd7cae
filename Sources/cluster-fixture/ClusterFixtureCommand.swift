import ArgumentParser
import ClusterEmulation
import Foundation

/// Real emulated clusters for any test runner, in any language.
@main
struct ClusterFixtureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster-fixture",
        abstract:
            "Real emulated clusters for tests: N machines with sshd, ready in a moment and removed without a trace.",
        discussion: """
            EXAMPLES:
              cluster-fixture run --nodes 3 -- pytest tests/
              cluster-fixture up --nodes 3 --name lab
              cluster-fixture ssh lab/node1
              cluster-fixture down lab

            EXIT CODES: 0, or that of the command that was run; 64 wrong usage; 69 no backend can run here; \
            70 anything else that failed.
            """,
        version: Version.current,
        subcommands: [
            Run.self, Lease.self, Pool.self, Up.self, List.self, SSH.self, Each.self, Copy.self, Exec.self, Kill.self,
            Stop.self,
            Start.self, Restart.self, Pause.self, Resume.self, FaultCommand.self, Logs.self, EvidenceCommand.self,
            InventoryCommand.self, Open.self, Reset.self, Snapshot.self, Restore.self, Down.self, Prune.self,
            Doctor.self, Build.self, Images.self,
        ])

    static func main() async {
        // A reader that goes away, such as `head`, ends the command by an error of the write, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        if let error = misspelt(Array(Swift.CommandLine.arguments.dropFirst())) {
            Console.error(error)
            Foundation.exit(64)
        }
        var running: (any ParsableCommand.Type)?
        do {
            var command = try await asyncParseAsRoot()
            running = type(of: command)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ClusterError {
            Console.error("\(error)")
            Foundation.exit(error.exitCode)
        } catch let error as ValidationError {
            // What it was told at first made sense, and does not with what it has found.
            guard let running else { exit(withError: error) }
            let usage = usageString(for: running)
            let command = usage.split(separator: " ").prefix { !$0.hasPrefix("<") && !$0.hasPrefix("[") }
            Console.note(
                "Error: \(error.message)\nUsage: \(usage)\n  See '\(command.joined(separator: " ")) --help' for more information."
            )
            Foundation.exit(64)
        } catch {
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            // What the system refused, such as to write a file.
            let error = ClusterError.unexpected(error)
            Console.error("\(error)")
            Foundation.exit(error.exitCode)
        }
    }
}

extension ClusterFixtureCommand {
    /// What is wrong with the first words, if they are meant to be a command and there is no such command.
    private static func misspelt(_ words: [String]) -> String? {
        let commands = configuration.subcommands
        guard let word = words.first, !word.hasPrefix("-") else { return nil }
        if word == "help" { return words.count > 1 ? misspelt(Array(words.dropFirst())) : nil }
        guard let command = commands.first(where: { $0._commandName == word }) else {
            return refusal(of: word, among: commands.map { $0._commandName } + ["help"])
        }
        let parts = command.configuration.subcommands.map { $0._commandName }
        guard !parts.isEmpty, words.count > 1, !words[1].hasPrefix("-"), !parts.contains(words[1]) else { return nil }
        return refusal(of: words[1], among: parts, of: word)
    }

    private static func refusal(of word: String, among names: [String], of command: String? = nil) -> String {
        let whole = ([command].compactMap(\.self) + [word]).joined(separator: " ")
        // Two letters are too few to be near to anything.
        let near = usual[word] ?? (word.count > 2 ? ClusterCatalog.nearest(to: word, among: names) : nil)
        let meant = near.flatMap { names.contains($0) ? $0 : nil }
        let lists = (["cluster-fixture"] + [command].compactMap(\.self)).joined(separator: " ")
        return "There is no command \"\(ClusterConfiguration.printable(whole))\". "
            + (meant.map { "Did you mean \($0)?" } ?? "`\(lists) --help` lists them.")
    }

    /// What other programs call what is meant.
    private static let usual = [
        "ls": "list", "ps": "list", "rm": "down", "delete": "down", "destroy": "down", "scp": "copy", "cp": "copy",
        "login": "ssh", "shell": "ssh", "begin": "start", "end": "stop", "heal": "fault",
    ]
}

extension ClusterError {
    /// As sysexits.h has them: EX_USAGE, EX_UNAVAILABLE, EX_SOFTWARE.
    fileprivate var exitCode: Int32 {
        switch code {
        case .invalidConfiguration, .noCluster: 64
        case .backendUnavailable: 69
        default: 70
        }
    }
}
