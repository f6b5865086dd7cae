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
            Console.note("Error: \(error.message)\n\(usageString(for: running))")
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
    /// What is wrong with the first word, if it is meant to be a command and is none.
    private static func misspelt(_ words: [String]) -> String? {
        let names = configuration.subcommands.map { $0._commandName }
        guard let word = words.first, !word.hasPrefix("-"), word != "help", !names.contains(word) else { return nil }
        let remedy = ClusterCatalog.nearest(to: word, among: names + ["help"]).map { "Did you mean \($0)?" }
        return "There is no command \"\(ClusterConfiguration.printable(word))\". "
            + (remedy ?? "`cluster-fixture --help` lists them.")
    }
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
