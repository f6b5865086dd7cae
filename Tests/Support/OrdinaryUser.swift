#if os(Linux)
package import ClusterEmulation
import Foundation
public import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where no ordinary user can be made; fails instead where `CLUSTER_FIXTURE_REQUIRE_BACKENDS` is set, as in CI.
    public static var requiresOrdinaryUser: Self {
        .enabled("only root can make an ordinary user, with useradd, userdel and setpriv") {
            try OrdinaryUser.canBeMade()
        }
    }
}

/// A user of this machine who has no rights: one who would do others harm, or one who is to be done none.
package struct OrdinaryUser: Sendable {
    package let name: String
    package let number: UInt32
    package let home: String

    /// Runs a program as the user, with an environment of the user's own, and collects its output.
    @discardableResult
    package func run(_ words: [String], environment: [String: String] = [:]) async throws -> CommandOutput {
        try await Command("setpriv", self.words(words, environment)).output(limit: .seconds(60))
    }

    /// Runs a shell script as the user. It must succeed.
    @discardableResult
    package func script(_ text: String, _ words: String...) async throws -> CommandOutput {
        let output = try await run(["sh", "-euc", text, "sh"] + words)
        guard output.succeeded else { throw ClusterError(.commandFailed, "\(name): \(output.complaint)") }
        return output
    }

    /// The words behind `setpriv` that run a program as the user.
    private func words(_ words: [String], _ environment: [String: String]) -> [String] {
        let variables = ["HOME": home, "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": home]
            .merging(environment) { $1 }
        return ["--reuid", "\(number)", "--regid", "\(number)", "--clear-groups", "--", "env", "-i", "--chdir", home]
            + variables.map { "\($0)=\($1)" }.sorted() + words
    }

    fileprivate static func canBeMade() throws -> Bool {
        let can = geteuid() == 0 && ["useradd", "userdel", "setpriv"].allSatisfy { ProgramPath.find($0) != nil }
        let isRequired = !(ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_REQUIRE_BACKENDS"] ?? "").isEmpty
        // An ordinary user runs the tests in CI as well, and can't make another one.
        if !can, isRequired, geteuid() == 0 {
            throw ClusterError(.missingProgram, "No ordinary user can be made: useradd, userdel or setpriv is missing.")
        }
        return can
    }
}

/// Runs a closure with a user who is made for it, and removed afterwards with everything: processes first, then the home.
package nonisolated(nonsending) func withOrdinaryUser<Result>(
    _ body: nonisolated(nonsending) (OrdinaryUser) async throws -> Result
) async throws -> Result {
    let name = "cft" + ClusterID.random().description
    let home = "/tmp/\(name)"
    try await rootCommand("useradd", "--create-home", "--home-dir", home, "--user-group", "--shell", "/bin/sh", name)
    let result: Swift.Result<Result, any Error>
    do {
        guard let account = getpwnam(name) else { throw ClusterError(.commandFailed, "There is no user \(name).") }
        result = .success(try await body(OrdinaryUser(name: name, number: account.pointee.pw_uid, home: home)))
    } catch {
        result = .failure(error)
    }
    try await uncancelled { try await remove(name) }
    return try result.get()
}

private func remove(_ name: String) async throws {
    if let account = getpwnam(name) {
        let number = account.pointee.pw_uid
        // A process that was killed is listed until its parent has taken note.
        _ = try await eventually(within: .seconds(10)) {
            let living = try processes(of: number)
            for process in living { kill(process, SIGKILL) }
            return living.isEmpty
        }
    }
    try await rootCommand("userdel", "--remove", "--force", name)
}

/// The processes that have the user for one of their four: a set-user-ID program is the user's too.
private func processes(of user: UInt32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
        else { return false }
        return line.split(whereSeparator: \.isWhitespace).contains("\(user)") && !status.contains("State:\tZ")
    }
}

private func rootCommand(_ words: String...) async throws {
    let output = try await Command(ProgramPath.find(words[0]) ?? words[0], Array(words.dropFirst())).output()
    // userdel complains of a mailbox that never was.
    guard output.succeeded || output.exitCode == 12 else {
        throw ClusterError(.commandFailed, "`\(words.joined(separator: " "))` failed: \(output.complaint)")
    }
}
#endif
