import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Whether a person is let into a cluster on which something has failed, before it goes: what `CLUSTER_FIXTURE_BREAK` says.
package enum Breakpoint: String, CaseIterable {
    case never, failure

    /// What this process's environment says.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if it says something else.
    package static var current: Breakpoint {
        get throws { try Breakpoint(wish: ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_BREAK"] ?? "") }
    }

    /// Reads the variable's value; an empty one is `never`.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`: with a misspelt one, nothing would stop.
    package init(wish: String) throws {
        guard let breakpoint = wish.isEmpty ? .never : Breakpoint(rawValue: wish) else {
            throw ClusterError(
                .invalidConfiguration,
                "CLUSTER_FIXTURE_BREAK is \"\(ClusterConfiguration.printable(wish))\", which is not one of its values.",
                remedy: "Use \(Self.allCases.map(\.rawValue).joined(separator: ", ")), or unset the variable.")
        }
        self = breakpoint
    }
}

extension Cluster {
    /// Gives the person at the terminal a shell that knows the nodes, and returns when they have left it. Where there is no terminal that
    /// is said, and nothing else done: a run in CI must not hang.
    ///
    /// - Parameters:
    ///   - work: What has failed.
    ///   - evidence: The folder with the evidence, if there is one.
    package func hold(after work: String, evidence: String?) async {
        do {
            // Tests that fail at the same time share the terminal, one after the other.
            try await Self.terminal.pass {
                guard let terminal = Terminal() else {
                    Progress.say("CLUSTER_FIXTURE_BREAK=failure is ignored: there is no terminal")
                    return
                }
                let programs = ClientPrograms(self.inventory)
                if !FileManager.default.fileExists(atPath: programs.folder) { try programs.write() }
                terminal.say(self.greeting(work, evidence))
                var environment = Dictionary(uniqueKeysWithValues: self.inventory.variables.map { ($0.name, $0.value) })
                environment["PATH"] = programs.folder + ":" + ProgramPath.own
                _ = await terminal.shell(environment) { self.alsoEnd($0) }
                self.alsoEnd(nil)
            }
        } catch {
            Progress.say("no shell could be opened into cluster \(name): \(error)")
        }
    }

    private static let terminal = Gate(places: 1)

    private func greeting(_ work: String, _ evidence: String?) -> String {
        let names = nodes.map(\.name)
        let some = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " … \(names[names.count - 1])" : "")
        let issues = timeline.events.filter { $0.kind == .issue }.map { "  \($0.detail.cut(to: 400))" }
        return """

            ── \(work) failed ──
            \(issues.prefix(5).joined(separator: "\n"))
            Cluster \(name) is as it was then, and this shell knows its nodes (\(some)):
              ssh \(names[0])        ssh root@\(names[0])        scp \(names[0]):/etc/hosts .
            \(evidence.map { "What happened, on one page: \($0)/timeline.html\n" } ?? "")Type `exit` to go on. The cluster is then removed, unless CLUSTER_FIXTURE_KEEP keeps it.


            """
    }
}

/// The terminal that this process was started from, wherever its standard streams lead: `swift test` and pytest keep these for themselves.
private struct Terminal: Sendable {
    private let descriptor: Int32

    /// Nil if there is none.
    init?() {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    func say(_ text: String) {
        let bytes = Array(text.replacing("\n", with: "\r\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    /// Runs the person's shell in the foreground, and closes the terminal.
    ///
    /// - Returns: Its exit code; nil if it could not be run.
    func shell(_ environment: [String: String], started: @escaping @Sendable (Int32) -> Void) async -> Int32? {
        let descriptor = descriptor
        return await BlockingThread.run {
            defer { close(descriptor) }
            // Whoever gives the terminal away must not be stopped for it.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGTTOU)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            let before = tcgetpgrp(descriptor)
            let own = ProcessInfo.processInfo.environment["SHELL"] ?? ""
            guard let program = spawn(own.isEmpty ? "/bin/sh" : own, environment) ?? spawn("/bin/sh", environment)
            else { return nil }
            started(program.processID)
            tcsetpgrp(descriptor, program.processID)
            // Whenever it has looked and the terminal was not its own yet, it stops, be that a moment after it was.
            let code = program.exitCode { kill(-program.processID, SIGCONT) }
            if before > 0 { tcsetpgrp(descriptor, before) }
            return code
        }
    }

    private func spawn(_ shell: String, _ environment: [String: String]) -> StartedProgram? {
        try? StartedProgram(
            shell, [shell, "-i"], environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            streams: (0...2).map { ($0, is: descriptor) }, isInOwnGroup: true)
    }
}
