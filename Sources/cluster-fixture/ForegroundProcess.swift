import ClusterEmulation
import Foundation

/// A program that has this command's terminal, standard streams and signals, and whose exit code becomes its own.
struct ForegroundProcess {
    let processID: pid_t

    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - environment: Variables that it has besides this process's own.
    ///   - files: What it sees in the place of this machine's own files.
    /// - Throws: ``ClusterError`` with the code `missingProgram` if it can't be started.
    init(_ words: [String], environment: [String: String], files: [ShownFile] = []) throws {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Found on its own PATH, as env(1) would find it: with shims, `ssh` is the one that knows the nodes.
        let program = ProgramPath.findByName(words[0], on: variables["PATH"] ?? ProgramPath.own) ?? words[0]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var entries: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + entries { free(pointer) } }
        var result: Int32 = 0
        #if os(Linux)
        if !files.isEmpty {
            do {
                processID = try ShownFile.spawn(program, &arguments, &entries, seeing: files)
                return
            } catch let failure as ShownFile.Failure {
                guard failure.isOfMounts else { throw Self.failure(words[0], failure.code) }
                Console.note("only ssh, scp and sftp know the nodes by name: mounts can't be made here")
            }
        }
        #endif
        (processID, result) = Self.spawn(program, &arguments, &entries)
        guard result == 0 else { throw Self.failure(words[0], result) }
    }

    /// A command that finds a cluster in its environment.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - inventory: The cluster.
    ///   - shims: Whether `ssh` and others, and for root every program, are to know the nodes by name.
    /// - Throws: ``ClusterError``, with the code `missingProgram` if it can't be started.
    init(_ words: [String], with inventory: Inventory, shims: Bool) throws {
        var environment = Dictionary(uniqueKeysWithValues: inventory.variables.map { ($0.name, $0.value) })
        var files: [ShownFile] = []
        if shims {
            let programs = ClientPrograms(inventory)
            try programs.write()
            files = try programs.files()
            environment["PATH"] = programs.folder + ":" + ProgramPath.own
        }
        try self.init(words, environment: environment, files: files)
    }

    private static func failure(_ program: String, _ code: Int32) -> ClusterError {
        ClusterError(.missingProgram, "`\(program)` could not be run: \(String(cString: strerror(code))).")
    }

    private static func spawn(
        _ program: String, _ arguments: inout [UnsafeMutablePointer<CChar>?],
        _ entries: inout [UnsafeMutablePointer<CChar>?]
    ) -> (process: pid_t, code: Int32) {
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
        var process: pid_t = 0
        let code = posix_spawn(&process, program, nil, &attributes, &arguments, &entries)
        return (process, code)
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
