import ClusterEmulation
import Foundation

/// This program once more, to go on in the background. It has this one's standard input and error until it is ready, which it says on its
/// standard output.
struct BackgroundProgram {
    let processID: pid_t
    private let output: Int32

    /// What it says when it is ready.
    static let isReady = "ready"

    /// - Throws: ``ClusterError`` if it can't be started.
    init(_ words: [String]) throws {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in arguments + variables { free(pointer) } }
        #if canImport(Darwin)
        var (attributes, actions): (posix_spawnattr_t?, posix_spawn_file_actions_t?) = (nil, nil)
        #else
        var (attributes, actions) = (posix_spawnattr_t(), posix_spawn_file_actions_t())
        #endif
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        // The threads that Swift's tasks run on let no signal in; a program must not inherit that.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, &attributes, &arguments, &variables)
        close(ends[1])
        (processID, output) = (process, ends[0])
        guard code == 0 else {
            close(output)
            throw ClusterError(.missingProgram, "`\(program)` could not be run: \(String(cString: strerror(code))).")
        }
    }

    /// Waits until it is ready, or has ended.
    ///
    /// - Returns: 0 if it is ready; else its exit code.
    func ready() async -> Int32 {
        let (process, output) = (processID, output)
        return await BlockingThread.run {
            defer { close(output) }
            var (said, bytes): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 64))
            while !said.contains(UInt8(ascii: "\n")) {
                let count = read(output, &bytes, bytes.count)
                if count > 0 { said += bytes[..<count] } else if count == 0 || errno != EINTR { break }
            }
            if String(decoding: said, as: UTF8.self) == Self.isReady + "\n" { return 0 }
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            return signal == 0 ? max((status >> 8) & 0xff, 1) : 128 + signal
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
