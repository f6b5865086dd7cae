import ClusterEmulation
import Foundation
import Subprocess

/// A Python program on this machine that runs as long as a test needs it, and says something in lines.
package struct PythonProgram: Sendable {
    private let seen: Locked<[String]>

    /// The lines that it has printed so far.
    package var lines: [String] { seen.withLock { $0 } }

    /// Runs a closure with a program that has printed its first line, and ends the program after it.
    package static func with<Result: Sendable>(
        _ text: String, _ arguments: [String] = [], _ body: @escaping @Sendable (PythonProgram) async throws -> Result
    ) async throws -> Result {
        let program = PythonProgram(seen: Locked([]))
        let (first, continuation) = AsyncStream.makeStream(of: Void.self)
        let outcome = try await Subprocess.run(
            .name("python3"), arguments: Arguments(["-u", "-c", text] + arguments), input: .none, output: .sequence,
            error: .discarded
        ) { execution -> Swift.Result<Result, any Error> in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let output = execution.standardOutput
                group.addTask {
                    for try await line in output.strings() {
                        program.seen.withLock { $0.append(line.trimmingCharacters(in: .newlines)) }
                        continuation.yield()
                    }
                    continuation.finish()
                }
                for await _ in first { break }
                let result: Swift.Result<Result, any Error>
                do { result = .success(try await body(program)) } catch { result = .failure(error) }
                try execution.send(signal: .kill)
                try await group.waitForAll()
                return result
            }
        }
        return try outcome.closureResult.get()
    }
}
