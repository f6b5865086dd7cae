import ArgumentParser
import ClusterEmulation
import Foundation

/// A program that has this command's terminal, standard streams and signals, and whose exit code becomes its own.
struct ForegroundProcess {
    let processID: pid_t

    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - environment: Variables that it has besides this process's own.
    ///   - files: What it sees in the place of this machine's own files.
    ///   - notice: Who is told of it.
    /// - Throws: ``ClusterError`` with the code `missingProgram` if it can't be started.
    init(
        _ words: [String], environment: [String: String], files: [ShownFile] = [], telling notice: ProcessNotice?
    ) throws {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Found on its own PATH, as env(1) would find it: with shims, `ssh` is the one that knows the nodes.
        let program = ProgramPath.findByName(words[0], on: variables["PATH"] ?? ProgramPath.own) ?? words[0]
        #if os(Linux)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var entries: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + entries { free(pointer) } }
        func start(seeing files: [ShownFile]) throws -> pid_t {
            do {
                return try ShownFile.spawn(program, &arguments, &entries, seeing: files, telling: notice)
            } catch let failure as ShownFile.Failure {
                guard failure.isOfMounts, !files.isEmpty else { throw Self.failure(words[0], failure.code) }
                Console.note("only ssh, scp and sftp know the nodes by name: mounts can't be made here")
                return try start(seeing: [])
            }
        }
        processID = try start(seeing: files)
        #else
        do { processID = try StartedProgram(program, words, environment: variables).processID } catch {
            throw Self.failure(words[0], error.code)
        }
        notice?.send(processID)
        #endif
    }

    /// Ends this process as a shell does, with 127 or 126, if there is no such program or it can't be run.
    static func requireProgram(_ name: String) throws {
        guard let path = ProgramPath.findByName(name), FileManager.default.fileExists(atPath: path) else {
            Console.error("there is no program `\(name)`\(name.contains("/") ? "" : " on PATH"); nothing was started")
            throw ExitCode(127)
        }
        guard ProgramPath.isProgram(path) else {
            Console.error("`\(name)` is not a program that can be run; nothing was started")
            throw ExitCode(126)
        }
    }

    /// A command that finds a cluster in its environment.
    ///
    /// - Parameters:
    ///   - words: The program and its arguments.
    ///   - inventory: The cluster.
    ///   - shims: Whether `ssh` and others, and for root every program, are to know the nodes by name.
    ///   - notice: Who is told of it.
    /// - Throws: ``ClusterError``, with the code `missingProgram` if it can't be started.
    init(_ words: [String], with inventory: Inventory, shims: Bool, telling notice: ProcessNotice?) throws {
        var environment = Dictionary(uniqueKeysWithValues: inventory.variables.map { ($0.name, $0.value) })
        var files: [ShownFile] = []
        if shims {
            let programs = ClientPrograms(inventory)
            try programs.write()
            files = try programs.files()
            environment["PATH"] = programs.folder + ":" + ProgramPath.own
        }
        try self.init(words, environment: environment, files: files, telling: notice)
    }

    private static func failure(_ program: String, _ code: Int32) -> ClusterError {
        ClusterError(.missingProgram, "`\(program)` could not be run: \(String(cString: strerror(code))).")
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
                return WaitStatus(status).shellCode
            }
        }
    }
}
