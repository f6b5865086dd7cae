import Foundation

/// Where programs are on this machine.
package enum ProgramPath {
    /// This process's `PATH`.
    package static var own: String { getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin" }

    /// The program's place on `PATH`, or where the system's own programs are; nil if it is in none of them.
    package static func find(_ program: String) -> String? {
        findByName(program, on: own + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin")
    }

    /// The program's place on a `PATH` alone, where it is found when it is run by its name. What has a slash in its name is
    /// a place already.
    package static func findByName(_ program: String, on path: String = own) -> String? {
        if program.contains("/") { return program }
        return path.split(separator: ":").map { "\($0)/\(program)" }.first(where: isProgram)
    }

    /// Whether a name or a path is a program's.
    static func isThere(_ program: String) -> Bool { findByName(program).map(isProgram) ?? false }

    /// A folder has the permission bit that makes a file executable, but is not a program.
    package static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
