import Foundation

/// Programs started with as little between them and the clock as can be: `posix_spawn` and `waitpid`.
enum Spawn {
    /// Runs a program to its end and returns its standard output.
    ///
    /// - Throws: ``Failure``, with what the program wrote to standard error.
    @discardableResult
    static func run(_ words: [String]) throws -> String { try Running(words).finish() }

    /// Runs programs, all at the same time, and returns their standard outputs.
    static func parallel(_ commands: [[String]]) throws -> [String] {
        let running = try commands.map { try Running($0) }
        let outputs = running.map { program in Result { try program.finish() } }
        return try outputs.map { try $0.get() }
    }

    /// Starts a program and returns its process; what is not handed to it is /dev/null.
    static func start(
        _ words: [String], input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil, inOwnGroup: Bool = false
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in [input, output, errors].enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(place), "/dev/null", O_RDWR, 0)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if inOwnGroup { posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP)) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, words[0], &actions, &attributes, &arguments, environ)
        guard result == 0 else {
            throw Failure("`\(words[0])` could not be started: \(String(cString: strerror(result)))")
        }
        return process
    }

    /// Two ends that no other child inherits: they are made close-on-exec in one step.
    static func socketPair() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failure("socketpair: \(errno)") }
        return (ends[0], ends[1])
    }
}

/// A program on its way to its end.
private struct Running {
    private let words: [String]
    private let process: pid_t
    private let output: Int32
    private let errors: UnsafeMutablePointer<FILE>

    init(_ words: [String]) throws {
        guard let errors = tmpfile() else { throw Failure("tmpfile: \(errno)") }
        let (ours, theirs) = try Spawn.socketPair()
        defer { close(theirs) }
        self.words = words
        self.errors = errors
        output = ours
        process = try Spawn.start(words, output: theirs, errors: fileno(errors))
    }

    func finish() throws -> String {
        defer { fclose(errors) }
        let text = text(of: output)
        close(output)
        var status: Int32 = 0
        guard waitpid(process, &status, 0) == process, status == 0 else {
            lseek(fileno(errors), 0, SEEK_SET)
            let last = self.text(of: fileno(errors)).split(separator: "\n").suffix(5).joined(separator: "\n  ")
            throw Failure("`\(words.joined(separator: " "))` failed:\n  \(last)")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func text(of descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What went wrong, in words.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
