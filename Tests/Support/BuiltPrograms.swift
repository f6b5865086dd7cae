import Foundation

/// The program `Victim`, which is built beside the tests.
package enum VictimProgram {
    package static let path = builtProgram("Victim")
}

/// The program `cluster-fixture`, which is built beside the tests.
package enum CommandLineProgram {
    package static let path = builtProgram("cluster-fixture")
}

private func builtProgram(_ name: String) -> String {
    URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent(name).path
}
