import ClusterEmulation
import Foundation

/// This program once more, to go on in the background. It has this one's standard input and error until it is ready, which it says on its
/// standard output.
struct BackgroundProgram {
    var processID: pid_t { started.processID }
    private let started: StartedProgram
    private let output: Int32

    /// What it says when it is ready.
    static let isReady = "ready"

    /// - Throws: ``ClusterError`` if it can't be started.
    init(_ words: [String]) throws {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        output = ends[0]
        defer { close(ends[1]) }
        do {
            started = try StartedProgram(
                program, [program] + words, environment: ProcessInfo.processInfo.environment,
                streams: [(STDOUT_FILENO, is: ends[1])])
        } catch {
            close(output)
            throw ClusterError(
                .missingProgram, "`\(program)` could not be run: \(String(cString: strerror(error.code))).")
        }
    }

    /// Waits until it is ready, or has ended.
    ///
    /// - Returns: 0 if it is ready; else its exit code.
    func ready() async -> Int32 {
        let (started, output) = (started, output)
        return await BlockingThread.run {
            defer { close(output) }
            var (said, bytes): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 64))
            while !said.contains(UInt8(ascii: "\n")) {
                let count = read(output, &bytes, bytes.count)
                if count > 0 { said += bytes[..<count] } else if count == 0 || errno != EINTR { break }
            }
            if String(decoding: said, as: UTF8.self) == Self.isReady + "\n" { return 0 }
            return max(started.exitCode(), 1)
        }
    }

    /// Begins a session of its own, in the background, so that no terminal ends it.
    static func leaveTerminal() { setsid() }

    /// Lets go, in the background, of what belongs to whoever has started this: streams and folder.
    ///
    /// - Parameter file: Where what is said from now on is written.
    /// - Throws: ``ClusterError`` if it can't be written.
    static func letGo(writingTo file: String) throws {
        try OwnFolder((file as NSString).deletingLastPathComponent).write("", to: (file as NSString).lastPathComponent)
        let (log, null) = (open(file, O_WRONLY | O_APPEND | O_CLOEXEC), open("/dev/null", O_RDONLY | O_CLOEXEC))
        dup2(null, STDIN_FILENO)
        for stream in [STDOUT_FILENO, STDERR_FILENO] { dup2(log, stream) }
        for descriptor in [log, null] { close(descriptor) }
        chdir("/")
    }
}
