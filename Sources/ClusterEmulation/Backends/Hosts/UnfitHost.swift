/// Why a machine can't be taken, however long is waited.
struct UnfitHost: Sendable {
    let sentence: String
    let remedy: String
    /// Lines that are to be copied as they are.
    let details: String

    init(_ sentence: String, remedy: String = "", details: String = "") {
        (self.sentence, self.remedy, self.details) = (sentence, remedy, details)
    }

    /// What a holder says of itself, behind its process's number and its folder.
    static func words(_ record: String) -> String {
        let words = record.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3 else { return record.isEmpty ? "somebody who has not said who" : record }
        return "\(words[2]) (process \(words[0]) there)"
    }
}

extension UnfitHost {
    /// Refuses a machine, or one on the way to it, of which no key is pinned, and tells the lines that would pin it.
    ///
    /// - Returns: Nil if keys are known of all of them.
    static func unknownKey(_ route: HostRoute) async throws -> UnfitHost? {
        let machines = [route] + route.jumps.map(\.route)
        guard let unknown = machines.first(where: { !$0.keys.contains(where: \.isTrusted) }) else { return nil }
        let file = unknown.knownHostsFiles.first ?? "~/.ssh/known_hosts"
        let shown = try await shownKeys(unknown)
        guard !shown.isEmpty else {
            let reason =
                unknown.isDirect
                ? "and it shows none" : "and what it shows can't be seen from here, since it is behind another machine"
            return UnfitHost(
                "No host key of \(unknown.place) is pinned, \(reason)",
                remedy: "Log in there once by hand, compare the key, and keep it in \(file).")
        }
        let lines = shown.map { $0.line([unknown.knownAs[0]]) }.joined()
        return UnfitHost(
            "No host key of \(unknown.place) is pinned, so nobody logs in there",
            remedy:
                "Compare with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` says on the machine itself; if it is the same, add these lines to \(file), which pin it.",
            details: lines + (try await fingerprints(shown)).map { "# \($0)\n" }.joined())
    }

    /// There was neither a login nor a refusal.
    static func silent(_ route: HostRoute, _ login: String, for limit: Duration, _ complaint: String) -> UnfitHost {
        let last = complaint.split(separator: "\n").last.map { ": \($0)" } ?? ""
        return UnfitHost(
            "\(route.place) does not answer: nothing was heard for \(limit.inSeconds) of the login as \(login)\(last)",
            remedy: "Log in there by hand, and see where that stands still.")
    }

    /// Why there was no login.
    static func unreachable(
        _ route: HostRoute, _ login: String, exitCode: Int32, _ complaint: String
    ) async throws -> UnfitHost {
        let isKey =
            complaint.contains("Host key verification failed") || complaint.contains("HOST IDENTIFICATION HAS CHANGED")
        guard isKey else {
            let last = complaint.split(separator: "\n").last.map(String.init) ?? "ssh ended with exit code \(exitCode)"
            if complaint.contains("Permission denied") {
                return UnfitHost(
                    "\(route.place) lets \(login) not in: \(last)",
                    remedy: "See that the key is in an agent or named in the file, and needs no passphrase to be typed."
                )
            }
            return UnfitHost("\(route.place) can't be reached as \(login): \(last)")
        }
        // Of those on the way, the one whose keys are others.
        var (changed, shown): (HostRoute, [KnownKey]) = (route, [])
        for machine in [route] + route.jumps.map(\.route) where machine.jump == nil {
            let keys = try await shownKeys(machine)
            if !keys.contains(where: machine.keys.contains) { (changed, shown) = (machine, keys) }
        }
        let now = try await fingerprints(shown).joined(separator: ", ")
        let file = changed.knownHostsFiles.first ?? "~/.ssh/known_hosts"
        return UnfitHost(
            "The host key of \(changed.place) has changed: it is not the pinned one\(now.isEmpty ? "" : ", but \(now)"), so nobody logs in there",
            remedy:
                "The machine was installed anew, or another one answers in its place: ask whoever runs it. If the new key is right, `ssh-keygen -R \(shellQuoted(changed.knownAs[0])) -f \(shellQuoted(file))`, and pin the new one."
        )
    }

    /// The keys that a machine shows to anybody. Nothing proves that they are its own.
    private static func shownKeys(_ route: HostRoute) async throws -> [KnownKey] {
        if !route.isDirect { return [] }
        let words = ["-T", "5", "-p", "\(route.port)", "-t", "ed25519,ecdsa,rsa", "--", route.hostName]
        // Without an answer there is nothing to be shown.
        guard let output = try? await Command("ssh-keyscan", words).output(limit: .seconds(20)) else {
            try Task.checkCancellation()
            return []
        }
        let order = ["ssh-ed25519", "ecdsa", "ssh-rsa"]
        return output.lines.compactMap { KnownKey(line: $0[...]) }.sorted { left, right in
            order.firstIndex(where: left.key.hasPrefix) ?? 3 < order.firstIndex(where: right.key.hasPrefix) ?? 3
        }
    }

    private static func fingerprints(_ keys: [KnownKey]) async throws -> [String] {
        guard !keys.isEmpty else { return [] }
        let input = Array(keys.map { "\($0.key)\n" }.joined().utf8)
        return try await Command("ssh-keygen", ["-l", "-f", "-"]).output(input: input).lines.map { line in
            let words = line.split(separator: " ")
            return words.count > 2 ? "\(words[1]) \(words[words.count - 1])" : line
        }
    }
}
