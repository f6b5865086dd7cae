#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A child of this process that takes part in this command's terminal, or outlives it: what swift-subprocess has no way to start.
///
/// The threads that Swift's tasks run on let no signal in, which a program would inherit: it begins with all of them let in, and none ignored.
package struct StartedProgram: Sendable {
    package let processID: Int32

    /// Says with an errno that a program can't be started.
    package struct Failure: Error {
        package let code: Int32
    }

    /// - Parameters:
    ///   - program: Its path.
    ///   - words: What it is called, and its arguments.
    ///   - environment: All of its variables.
    ///   - streams: Its standard streams that are not this process's, each with the descriptor that it is.
    ///   - isInOwnGroup: Whether it leads a process group of its own.
    /// - Throws: ``Failure``.
    package init(
        _ program: String, _ words: [String], environment: [String: String], streams: [(Int32, is: Int32)] = [],
        isInOwnGroup: Bool = false
    ) throws(Failure) {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
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
        for (stream, descriptor) in streams { posix_spawn_file_actions_adddup2(&actions, descriptor, stream) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = isInOwnGroup ? Int16(POSIX_SPAWN_SETPGROUP) : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | group)
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw Failure(code: code) }
        processID = process
    }

    /// Waits on this thread until it has ended.
    ///
    /// - Parameter stopped: What is done each time that it has stopped; nothing unless you say otherwise.
    /// - Returns: Its exit code, or 128 plus the number of the signal that ended it.
    package func exitCode(whenStopped stopped: () -> Void = {}) -> Int32 {
        var status: Int32 = 0
        while true {
            let process = waitpid(processID, &status, WUNTRACED)
            if process < 0, errno == EINTR { continue }
            guard process == processID, WaitStatus(status).isStop else { return WaitStatus(status).shellCode }
            stopped()
        }
    }
}
