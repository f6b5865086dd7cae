/// How OpenSSH reaches one machine: all that a user's configuration says of it, and nothing that depends on that configuration any more.
struct HostRoute: Sendable {
    /// What the user's configuration calls it.
    let name: String
    let hostName: String
    let port: Int
    let user: String
    /// The settings that differ from OpenSSH's own, as lines of an ssh_config.
    let settings: [String]
    /// The private key files, in OpenSSH's order.
    let identityFiles: [String]
    /// What its key is looked for under.
    let knownAs: [String]
    /// Its pinned keys.
    let keys: [KnownKey]
    /// Where keys are pinned: the files that OpenSSH would look into.
    let knownHostsFiles: [String]
    /// By way of which other one it is reached, if it is.
    let jump: Jump?

    /// A machine on the way to another one: its name in the library's configuration, and how it is reached itself.
    final class Jump: Sendable {
        let name: String
        let route: HostRoute

        init(name: String, route: HostRoute) { (self.name, self.route) = (name, route) }
    }

    /// The machines on the way, the nearest to this one first.
    var jumps: [Jump] { jump.map { [$0] + $0.route.jumps } ?? [] }

    /// Whether this machine itself makes the connection.
    var isDirect: Bool { jump == nil && !settings.contains { $0.hasPrefix("proxycommand ") } }

    /// Where it is, for people.
    var place: String { "\(name) (\(hostName.contains(":") ? "[\(hostName)]" : hostName):\(port))" }
}

/// A host key that a user has pinned.
struct KnownKey: Sendable, Hashable {
    /// `@cert-authority`, `@revoked`, or nothing.
    let marker: String
    /// The algorithm and base 64.
    let key: String

    /// A line of `ssh-keygen -F`: the name may be hashed.
    init?(line: Substring) {
        var words = line.split(separator: " ").map(String.init)
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        marker = first.hasPrefix("@") ? words.removeFirst() : ""
        guard words.count >= 3 else { return nil }
        key = "\(words[1]) \(words[2])"
    }

    init(key: String) { (marker, self.key) = ("", key) }

    /// A line of a known_hosts file.
    func line(_ names: [String]) -> String {
        "\(marker.isEmpty ? "" : marker + " ")\(names.joined(separator: ",")) \(key)\n"
    }

    /// Whether a server may prove itself by it.
    var isTrusted: Bool { marker != "@revoked" }
}

extension HostRoute {
    /// The block of an ssh_config by which the machine has these names.
    ///
    /// - Parameters:
    ///   - names: What it is to be called.
    ///   - jumpFile: The configuration in which the machines on the way have their names.
    /// - Returns: The block.
    func block(_ names: [String], jumpFile: String) -> String {
        var lines = ["HostName \(hostName)", "Port \(port)", "User \(user)"] + settings
        if let jump {
            lines.append(
                "ProxyCommand ssh -F \(shellQuoted(SSHConfiguration.escaped(jumpFile))) -W '[%h]:%p' \(jump.name)")
        }
        return HostPool.block(names.joined(separator: " "), lines)
    }
}
