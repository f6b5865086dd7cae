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
        do {
            var command = try await asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ClusterError {
            Console.error("\(error)")
            Foundation.exit(error.exitCode)
        } catch {
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            // What the system refused, such as to write a file.
            let error = ClusterError.unexpected(error)
            Console.error("\(error)")
            Foundation.exit(error.exitCode)
        }
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
