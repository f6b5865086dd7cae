import Foundation

/// Asks OpenSSH itself what a user's configuration says of machines, and which of their keys are pinned.
actor HostResolver {
    private let pool: HostPool
    /// The pool's configuration as a file.
    private let file: String
    private var defaults: [String: [String]]?
    private var jumps: [String: HostRoute.Jump] = [:]

    init(_ pool: HostPool, file: String) { (self.pool, self.file) = (pool, file) }

    /// How a machine of the pool is reached.
    ///
    /// - Throws: ``ClusterError`` if OpenSSH can't read the configuration.
    func route(to host: PoolHost) async throws -> HostRoute {
        try await route(to: host.name, asking: [], pinned: host.hostKeys, depth: 0)
    }

    private func route(
        to name: String, asking words: [String], pinned: [String], via forced: HostRoute.Jump? = nil, depth: Int
    ) async throws -> HostRoute {
        guard depth < 8 else {
            throw HostPool.refusal(pool.file, "\(name) is reached through too many others, or through itself")
        }
        let options = try await options(["-F", file] + words + ["-G", "--", name])
        if defaults == nil { defaults = try await self.options(["-F", "/dev/null", "-G", "--", "host"]) }
        func first(_ key: String) -> String? { options[key]?.first }
        let (hostName, port) = (first("hostname") ?? name, first("port").flatMap { Int($0) } ?? 22)
        var settings: [String] = []
        for key in Self.carried where options[key] != defaults?[key] {
            for value in options[key] ?? [] {
                settings.append("\(key) \(Self.settled(value, key, name))")
            }
        }
        let alias = first("hostkeyalias").map { Self.settled($0, "", name) }
        let knownAs = alias.map { [$0] } ?? (port == 22 ? [hostName] : ["[\(hostName)]:\(port)", hostName])
        let files = ["userknownhostsfile", "globalknownhostsfile"].flatMap { Self.files(first($0) ?? "") }
        var keys = pinned.map { KnownKey(key: $0) }
        for file in files { keys += try await Self.keys(of: knownAs, in: file) }
        return HostRoute(
            name: name, hostName: hostName, port: port, user: first("user") ?? "", settings: settings,
            identityFiles: (options["identityfile"] ?? []).map { Self.path(Self.settled($0, "", name)) },
            knownAs: knownAs, keys: keys.reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
            knownHostsFiles: files, jump: try await jump(first("proxyjump"), forced, depth: depth))
    }

    /// The last of the machines on the way, each of which is reached by the one before it.
    private func jump(_ value: String?, _ forced: HostRoute.Jump?, depth: Int) async throws -> HostRoute.Jump? {
        if let forced { return forced }
        guard let value, value != "none" else { return nil }
        var (last, path): (HostRoute.Jump?, String) = (nil, "")
        for hop in value.split(separator: ",") {
            let hop = hop.hasPrefix("ssh://") ? hop.dropFirst("ssh://".count) : hop
            path += (path.isEmpty ? "" : ",") + hop
            if let known = jumps[path] {
                last = known
                continue
            }
            var (words, name): ([String], Substring) = ([], hop)
            if let at = hop.lastIndex(of: "@") {
                words += ["-l", String(hop[..<at])]
                name = hop[hop.index(after: at)...]
            }
            if name.filter({ $0 == ":" }).count == 1, let colon = name.firstIndex(of: ":") {
                words += ["-p", String(name[name.index(after: colon)...])]
                name = name[..<colon]
            }
            let route = try await route(to: String(name), asking: words, pinned: [], via: last, depth: depth + 1)
            let jump = HostRoute.Jump(name: "jump-\(jumps.count + 1)", route: route)
            jumps[path] = jump
            last = jump
        }
        return last
    }

    /// What `ssh -G` says: names in lower case, and their values.
    private func options(_ words: [String]) async throws -> [String: [String]] {
        // It runs what the user's configuration asks with `Match exec`.
        let output = try await Command("ssh", words).output(limit: .seconds(60))
        guard output.succeeded else { throw HostPool.refusal(pool.file, "OpenSSH can't read it: \(output.complaint)") }
        return output.lines.reduce(into: [:]) { options, line in
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            if parts.count == 2 { options[parts[0], default: []].append(parts[1]) }
        }
    }

    /// What is kept of a user's settings: who is reached how, and by which keys. Forwards, shared connections and terminals are none of
    /// the library's business.
    private static let carried = [
        "addressfamily", "bindaddress", "bindinterface", "casignaturealgorithms", "certificatefile", "ciphers",
        "compression",
        "connecttimeout", "gssapiauthentication", "gssapidelegatecredentials", "hostkeyalgorithms", "hostkeyalias",
        "identitiesonly", "identityagent", "identityfile", "kexalgorithms", "macs", "pkcs11provider",
        "preferredauthentications",
        "proxycommand", "proxyusefdpass", "pubkeyacceptedalgorithms", "requiredrsasize", "revokedhostkeys",
        "securitykeyprovider", "serveralivecountmax", "serveraliveinterval", "tcpkeepalive",
    ]

    /// A value in which the name that was asked for is written out (`%n`), since the library has another name for the machine.
    private static func settled(_ value: String, _ key: String, _ name: String) -> String {
        var (result, isToken) = ("", false)
        for character in value {
            if isToken {
                result += character == "n" ? name.replacing("%", with: "%%") : "%\(character)"
                isToken = false
            } else if character == "%" {
                isToken = true
            } else {
                result.append(character)
            }
        }
        let isPath = ["certificatefile", "identityagent", "identityfile", "pkcs11provider", "revokedhostkeys"].contains(
            key)
        return isPath && result.contains(" ") ? "\"\(result)\"" : result
    }

    /// The files in a list, in which a path with a space may be one or two.
    private static func files(_ list: String) -> [String] {
        let whole = path(list)
        if FileManager.default.fileExists(atPath: whole) { return [whole] }
        return list.split(separator: " ").map { path(String($0)) }.filter { $0 != "none" && $0 != "/dev/null" }
    }

    private static func path(_ text: String) -> String {
        let home = text.replacing("%d", with: NSHomeDirectory()).replacing("%%", with: "%")
        return (home as NSString).expandingTildeInPath
    }

    /// The keys that a file has for one of these names, under which OpenSSH looks one after the other.
    private static func keys(of names: [String], in file: String) async throws -> [KnownKey] {
        guard FileManager.default.isReadableFile(atPath: file) else { return [] }
        for name in names {
            let output = try await Command("ssh-keygen", ["-F", name, "-f", file]).output()
            let keys = output.standardOutput.split(separator: "\n").compactMap { KnownKey(line: $0) }
            if !keys.isEmpty { return keys }
        }
        return []
    }
}
