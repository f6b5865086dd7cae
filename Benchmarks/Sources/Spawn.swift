import Foundation

/// Programs started with as little between them and the clock as can be: `posix_spawn` and `waitpid`.
enum Spawn {
    /// Runs programs at the same time, each on a thread of its own, and returns their standard outputs.
    static func parallel(_ commands: [[String]]) -> [String] {
        let outputs = Outputs(count: commands.count)
        DispatchQueue.concurrentPerform(iterations: commands.count) { outputs.set($0, run(commands[$0])) }
        return outputs.values
    }

    /// Starts a program that goes on until ``end(_:)``.
    static func start(_ words: [String]) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        guard posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0 else {
            fatalError("`\(words.joined(separator: " "))` could not be started")
        }
        return process
    }

    static func end(_ process: pid_t) {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// Runs a program to its end and returns its standard output; a failure ends the benchmark.
    @discardableResult
    static func run(_ words: [String]) -> String {
        var pipe: [Int32] = [0, 0]
        // A socket pair can be made close-on-exec in one step: another thread's child must not hold the writing end.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pipe) == 0 else { fatalError("socketpair: \(errno)") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        close(pipe[1])
        var output = Data()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(pipe[0], &buffer, buffer.count), count > 0 {
            output.append(contentsOf: buffer[0..<count])
        }
        close(pipe[0])
        var status: Int32 = 0
        guard result == 0, waitpid(process, &status, 0) == process, status == 0 else {
            fatalError("`\(words.joined(separator: " "))` failed: \(result), \(status)")
        }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// One output per program, filled by as many threads.
private final class Outputs: @unchecked Sendable {
    // Unchecked: each place is written once, under the lock.
    private let lock = NSLock()
    private var outputs: [String]

    init(count: Int) { outputs = Array(repeating: "", count: count) }
    func set(_ place: Int, _ output: String) { lock.withLock { outputs[place] = output } }
    var values: [String] { lock.withLock { outputs } }
}
