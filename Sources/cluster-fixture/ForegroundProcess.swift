import ClusterEmulation
import Foundation

/// A program that has this command's terminal, standard streams and signals, and whose exit code becomes its own.
struct ForegroundProcess {
    let processID: pid_t

    /// - Throws: ``ClusterError`` with the code `missingProgram` if it can't be started.
    init(_ words: [String], environment: [String: String]) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads that Swift's tasks run on let no signal in; a program must not inherit that.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var entries: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + entries { free(pointer) } }
        var processID: pid_t = 0
        // Found on its own PATH, as env(1) would find it: with shims, `ssh` is the one that knows the nodes.
        let program = ProgramPath.findByName(words[0], on: variables["PATH"] ?? ProgramPath.own) ?? words[0]
        let result = posix_spawn(&processID, program, nil, &attributes, &arguments, &entries)
        guard result == 0 else {
            throw ClusterError(
                .missingProgram, "`\(words[0])` could not be run: \(String(cString: strerror(result))).")
        }
        self.processID = processID
    }

    /// Waits for its end, and passes on the signals that come meanwhile.
    ///
    /// - Parameter pass: How a signal gets to whoever it is for; by default it is this process, which has those of the terminal already.
    /// - Returns: Its exit code, or 128 plus the number of the signal that ended it.
    func wait(passing pass: (@Sendable (ReceivedSignal) -> Void)? = nil) async -> Int32 {
        let process = processID
        return await Signals.handled { signal in
            if let pass { return pass(signal) }
            if !signal.isFromTerminal { kill(process, signal.number) }
        } _: {
            await BlockingThread.run {
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                let signal = status & 0x7f
                return signal == 0 ? (status >> 8) & 0xff : 128 + signal
            }
        }
    }
}
