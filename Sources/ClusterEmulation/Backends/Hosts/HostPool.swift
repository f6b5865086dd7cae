import Foundation

/// Machines that clusters are made of, as a file of the user's has them.
package struct HostPool: Sendable {
    /// The file's path.
    let file: String
    /// The machines, in the file's order; none that others are only reached by.
    package let hosts: [PoolHost]
    /// An ssh_config in which each machine is found by its name. OpenSSH is asked with it where they are and who logs in.
    let configuration: String

    /// Reads a file: the library's own YAML, an Ansible inventory as INI or YAML, or an ssh_config, told apart by what is in it.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, with the line that it is about where there is one.
    package static func read(_ path: String) throws -> HostPool {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let text: String
        do {
            text = try String(contentsOf: url, encoding: .utf8)
        } catch {
            let error = error as NSError
            let cause =
                error.code == CocoaError.fileReadNoSuchFile.rawValue
                ? "there is no such file"
                : error.domain == NSCocoaErrorDomain
                    && error.code == CocoaError.fileReadInapplicableStringEncoding.rawValue
                    ? "it is not UTF-8" : ClusterError.cause(error)
            throw ClusterError(
                .invalidConfiguration,
                "The file of hosts \(ClusterConfiguration.printable(path)) can't be read: \(cause).",
                remedy: "Name a file of hosts, an Ansible inventory or an ssh_config.")
        }
        return try parse(text, file: url.path)
    }

    package static func parse(_ text: String, file: String) throws -> HostPool {
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") }
        guard let first = lines.first else { throw refusal(file, "there is no host in it") }
        let pool: HostPool
        let isYAML = first == "---" || first.hasPrefix("{") || first.hasSuffix(":") || first.contains(": ")
        if !isOfOpenSSH(first), !first.hasPrefix("["), isYAML {
            pool = try yaml(text, file: file)
        } else if !first.hasPrefix("["), lines.contains(where: isOfOpenSSH) {
            pool = try openSSH(text, file: file)
        } else {
            pool = try AnsibleInventory(ini: text, file: file).pool()
        }
        guard !pool.hosts.isEmpty else { throw refusal(file, "there is no host in it") }
        var seen: Set<String> = []
        for host in pool.hosts where !seen.insert(host.name).inserted {
            throw refusal(file, "the host \(host.name) is listed twice")
        }
        return pool
    }

    private static func isOfOpenSSH(_ line: String) -> Bool {
        let word = line.split(whereSeparator: { $0.isWhitespace || $0 == "=" }).first?.lowercased()
        return word == "host" || word == "match" || word == "include"
    }

    static func refusal(_ file: String, line: Int? = nil, _ what: String, remedy: String = "") -> ClusterError {
        let place = line.map { "\(file):\($0)" } ?? file
        return ClusterError(.invalidConfiguration, "\(place): \(ClusterError.sentence(what))", remedy: remedy)
    }
}

/// A machine of a pool.
package struct PoolHost: Sendable, Hashable {
    /// What the file calls it.
    package let name: String
    /// What it may be there for, if that is said.
    package var roles: Set<String> = []
    /// Whether `root` can log in by the same keys.
    package var hasRoot = false
    /// The folder in which each cluster gets one of its own.
    package var base = "/tmp"
    /// Its host keys, where the file itself has them: each is an algorithm and base 64.
    package var hostKeys: [String] = []

    /// The name up to the first dot: what the machine is likely to call itself.
    var shortName: String { isAddress ? name : String(name.prefix { $0 != "." }) }
    /// What is behind that: machines of one domain belong together.
    var domain: String { isAddress ? "" : String(name.dropFirst(shortName.count)) }

    private var isAddress: Bool { name.allSatisfy { $0.isNumber || $0 == "." } || name.contains(":") }

    /// Whether a text can stand in a configuration as one word, and is taken for no option.
    static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && text.first != "-"
            && text.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-:@%+[]".unicodeScalars.contains($0)
            }
    }

    /// Whether a text is an absolute path that needs no quotes anywhere.
    static func isPlainPath(_ text: String) -> Bool {
        text.hasPrefix("/")
            && text.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "/._-".utf8.contains(byte)
            }
    }
}

extension HostPool {
    /// How OpenSSH would go on: with the user's own configuration and the system's.
    static let usualConfiguration = "Host *\n  Include ~/.ssh/config\nHost *\n  Include /etc/ssh/ssh_config\n"

    /// One machine's part of an ssh_config.
    static func block(_ name: String, _ lines: [String]) -> String {
        "Host \(name)\n" + lines.map { "  \($0)\n" }.joined()
    }

    /// The names in a value of `ProxyJump`, without users and ports.
    static func jumps(in value: String) -> [String] {
        value.split(separator: ",").map { hop in
            var name = hop.trimmingCharacters(in: .whitespaces)
            if name.hasPrefix("ssh://") { name.removeFirst("ssh://".count) }
            if let at = name.lastIndex(of: "@") { name = String(name[name.index(after: at)...]) }
            if name.filter({ $0 == ":" }).count == 1 { name = String(name.prefix { $0 != ":" }) }
            return name
        }
    }
}
