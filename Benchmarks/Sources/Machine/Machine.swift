import Foundation

/// What there is on this machine.
enum Machine {
    /// The folder `Benchmarks`.
    static let benchmarks = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { path, _ in
        path.deletingLastPathComponent()
    }.path
    /// The package that is measured.
    static let package = URL(fileURLWithPath: benchmarks).deletingLastPathComponent().path

    static let peers = "Benchmarks/install-peers installs it"

    static var needsRoot: String? { geteuid() == 0 ? nil : "it needs root" }

    static func succeeds(_ command: [String]) -> Bool { (try? Spawn.run(command)) != nil }
}
