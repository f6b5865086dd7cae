import Foundation

/// Where programs are on this machine.
package enum ProgramPath {
    /// The program's place on `PATH`, or where the system's own programs are; nil if it is in none of them.
    package static func find(_ program: String) -> String? {
        let system = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        return (places + system).map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// The program's place on `PATH` alone, where it is found when it is run by its name.
    package static func findByName(_ program: String) -> String? {
        places.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    private static var places: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init)
    }
}
