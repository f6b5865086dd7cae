import ClusterEmulation
import Foundation

extension Command {
    /// Becomes the program: terminal, signals and exit code are its own.
    ///
    /// - Throws: ``ClusterError`` if it is not on this machine.
    func replaceThisProcess() throws -> Never {
        let words = [program] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        signal(SIGPIPE, SIG_DFL)
        // The threads that Swift's tasks run on let no signal in; the program must not inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        execvp(program, &pointers)
        throw ClusterError(
            .missingProgram, "The program `\(program)` could not be run: \(String(cString: strerror(errno))).",
            remedy: "Install it.")
    }
}
