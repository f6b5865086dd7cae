import Foundation

/// The program `Victim`, which is built beside the tests.
package enum VictimProgram {
    package static let path = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("Victim").path
}
