import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// A program and its arguments, run without any shell.
package struct Command: Sendable, Hashable {
    /// The name of a program on `PATH`, or a path.
    package var program: String
    package var arguments: [String]
    /// Variables added to the inherited environment.
    package var environment: [String: String]

    package init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// The command as a person would type it.
    package var line: String {
        ([program] + arguments).map(shellQuoted).joined(separator: " ")
    }
}

/// What a finished program left behind.
package struct CommandOutput: Sendable {
    /// Standard output as it was.
    package let output: [UInt8]
    /// Standard output as UTF-8, in which other bytes become U+FFFD.
    package let standardOutput: String
    package let standardError: String
    /// The exit code, or 128 plus the number of the signal that ended the program, as shells count.
    package let exitCode: Int32

    package init(output: [UInt8], error: [UInt8], exitCode: Int32) {
        self.output = output
        self.standardOutput = String(decoding: output, as: UTF8.self)
        self.standardError = String(decoding: error, as: UTF8.self)
        self.exitCode = exitCode
    }

    package var succeeded: Bool { exitCode == 0 }

    /// The lines of standard output that are not empty.
    package var lines: [String] { standardOutput.filledLines.map(String.init) }

    /// What a person would want to read: standard error if there is any, else standard output.
    package var complaint: String {
        let text = standardError.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? standardOutput.trimmingCharacters(in: .whitespacesAndNewlines) : text
    }

    /// Whether the ``complaint`` has any of some words, in whichever case.
    package func complains(_ words: String...) -> Bool {
        words.contains { complaint.range(of: $0, options: .caseInsensitive) != nil }
    }
}

extension Command {
    /// Runs the program to its end and collects its output. A non-zero exit code is a result, not an error.
    ///
    /// When the task is cancelled or `limit` has passed, the program is killed.
    ///
    /// - Throws: ``ClusterError`` if the program cannot be started or `limit` has passed; `CancellationError`.
    package func output(input: [UInt8] = [], limit: Duration? = nil) async throws -> CommandOutput {
        guard let limit else { return try await collect(input: input) }
        do {
            return try await withDeadline(limit) { try await collect(input: input) }
        } catch is DeadlineExceeded {
            throw ClusterError(.timedOut, "`\(line)` did not end within \(limit.inSeconds).")
        }
    }

    private func collect(input: [UInt8]) async throws -> CommandOutput {
        // A program may end before it has read all that it is given, as `ssh` does when it loses its connection. Whoever writes to it then
        // gets SIGPIPE, of which these pipes know.
        if !input.isEmpty { return try await ProgramPipes.collect(input: input) { try await run(streams: $0) } }
        return try await explainingFailure {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: subprocessEnvironment,
                input: .array(input), output: .bytes(limit: .max), error: .bytes(limit: .max)
            )
            return CommandOutput(
                output: result.standardOutput, error: result.standardError,
                exitCode: result.terminationStatus.shellCode)
        }
    }

    /// Runs a program by a closure. Once the task is cancelled, what came of it is nobody's.
    private func explainingFailure<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            try Task.checkCancellation()
            return result
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw startFailure(error)
        }
    }

    /// Runs the program to its end with somebody's descriptor for its standard output, and collects what it complains of.
    func output(writingTo output: Int32) async throws -> CommandOutput {
        let output = FileDescriptor(rawValue: output)
        return try await complaint(input: .none, output: .fileDescriptor(output, closeAfterSpawningProcess: false))
    }

    /// Runs the program to its end with somebody's descriptor for its standard input, and collects what it complains of.
    func output(readingFrom input: Int32) async throws -> CommandOutput {
        let input = FileDescriptor(rawValue: input)
        return try await complaint(
            input: .fileDescriptor(input, closeAfterSpawningProcess: false), output: .discarded)
    }

    private func complaint(
        input: some InputProtocol, output: some OutputProtocol
    ) async throws -> CommandOutput {
        try await explainingFailure {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: subprocessEnvironment, input: input,
                output: output, error: .bytes(limit: .max))
            return CommandOutput(
                output: [], error: result.standardError, exitCode: result.terminationStatus.shellCode)
        }
    }

    /// Runs the program and hands over each line of its output, standard error included, as it comes.
    ///
    /// Its standard input has nothing to read, and ends when this process does.
    ///
    /// - Returns: The exit code.
    package func eachLine(_ body: @escaping @Sendable (String) -> Void) async throws -> Int32 {
        let (reading, writing) = try StreamSocket.pair()
        Forks.keepFromChildren(writing.rawValue)
        defer { Forks.close(writing.rawValue) }
        return try await explainingFailure {
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: subprocessEnvironment,
                input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                for try await line in execution.standardOutput.strings() { body(line) }
            }
            return result.terminationStatus.shellCode
        }
    }

    /// Runs the program with these standard streams to its end.
    ///
    /// - Returns: The exit code.
    package func run(streams: ProgramStreams) async throws -> Int32 {
        try await explainingFailure {
            try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: subprocessEnvironment,
                input: .fileDescriptor(FileDescriptor(rawValue: streams.input), closeAfterSpawningProcess: false),
                output: .fileDescriptor(FileDescriptor(rawValue: streams.output), closeAfterSpawningProcess: false),
                error: .fileDescriptor(FileDescriptor(rawValue: streams.error), closeAfterSpawningProcess: false)
            ).terminationStatus.shellCode
        }
    }

    /// Looked for here, since Subprocess would start a child for each folder of `PATH`.
    var executable: Executable { ProgramPath.findByName(program).map { .path(FilePath($0)) } ?? .name(program) }

    var subprocessEnvironment: Environment {
        environment.isEmpty
            ? .inherit
            : .inherit.updating(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
            )
    }

    private func startFailure(_ error: SubprocessError) -> ClusterError {
        error.code == .executableNotFound
            ? ClusterError(.missingProgram, "The program `\(program)` is not on this machine.", remedy: "Install it.")
            : ClusterError(.missingProgram, "`\(line)` could not be run: \(error)")
    }
}

extension String {
    /// Its lines that are not empty. Those of programs from elsewhere end with a carriage return as well.
    package var filledLines: [Substring] { split { $0 == "\n" || $0 == "\r\n" } }
}

extension TerminationStatus {
    var shellCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
