import Foundation

/// Where programs are on this machine.
package enum ProgramPath {
    /// The program's place on `PATH`, or where the system's own programs are; nil if it is in none of them.
    package static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let places =
            path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        return places.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }
}
