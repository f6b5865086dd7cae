import Foundation

/// Runs a closure with a fresh folder, and removes the folder after it.
package nonisolated(nonsending) func withTemporaryFolder<Result>(
    _ body: nonisolated(nonsending) (String) async throws -> Result
) async throws -> Result {
    let folder = NSTemporaryDirectory().trimmingSlash + "/cft-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// Waits until a condition holds, for what no event tells: at most `limit`, asking less and less often.
///
/// - Returns: Whether it came to hold.
package func eventually(
    within limit: Duration = .seconds(60), _ condition: @Sendable () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + limit
    // To look is work as well, of which a machine that is late has enough.
    var pause = Duration.milliseconds(2)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: pause)
        pause = min(pause * 1.5, .milliseconds(250))
    }
    return try await condition()
}

extension String {
    fileprivate var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
