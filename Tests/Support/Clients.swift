import ClusterEmulation
import Foundation
public import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where a program is not on this machine; fails instead where `CLUSTER_FIXTURE_REQUIRE_CLIENTS` is set.
    public static func requiresProgram(_ program: String) -> Self {
        .enabled("\(program) is not on this machine") {
            try isThere(ProgramPath.find(program) != nil, program)
        }
    }

    /// Skips where the system's Python lacks a module; fails instead where `CLUSTER_FIXTURE_REQUIRE_CLIENTS` is set.
    public static func requiresPythonModule(_ module: String) -> Self {
        .enabled("Python's \(module) is not on this machine") {
            let python = Command("/usr/bin/python3", ["-c", "import \(module)"])
            return try await isThere((try? python.output().succeeded) ?? false, "python3-\(module)")
        }
    }

    /// Skips where `./test` has not installed Python's clients; fails instead where `CLUSTER_FIXTURE_REQUIRE_CLIENTS` is set.
    public static var requiresPythonClients: Self {
        .enabled("Python's clients are not installed") {
            try isThere(
                FileManager.default.isExecutableFile(atPath: PythonClients.interpreter), PythonClients.interpreter)
        }
    }
}

/// SSH clients of Python's, in a virtual environment of the user's cache.
package enum PythonClients {
    package static var interpreter: String { UserFolders.cache + "/clients/bin/python" }
}

private func isThere(_ isThere: Bool, _ name: String) throws -> Bool {
    let isRequired = !(ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_REQUIRE_CLIENTS"] ?? "").isEmpty
    if !isThere, isRequired { throw ClusterError(.missingProgram, "\(name) is not on this machine.") }
    return isThere
}
