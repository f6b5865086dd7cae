import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension HostPool {
    /// An ssh_config: its hosts are those that stand behind `Host` without a wildcard. Of several names in a line, the first counts: the others
    /// are names of the same machine. Those that others are reached by (`ProxyJump`) are none.
    static func openSSH(_ text: String, file: String) throws -> HostPool {
        var (names, seen, jumps): ([String], Set<String>, Set<String>) = ([], [], [])
        for (word, value) in try settings(in: text, file: file, depth: 0) {
            if word == "proxyjump" { jumps.formUnion(Self.jumps(in: value)) }
            guard word == "host" else { continue }
            let all = value.split(whereSeparator: \.isWhitespace).map { $0.filter { $0 != "\"" } }
            let plain = all.filter { !$0.contains(where: { "*?!".contains($0) }) }
            if let first = plain.first, seen.isDisjoint(with: plain) { names.append(first) }
            seen.formUnion(plain)
        }
        for name in names where !PoolHost.isWord(name) {
            throw refusal(file, "\"\(ClusterConfiguration.printable(name))\" can't be the name of a host")
        }
        return HostPool(
            file: file, hosts: names.filter { !jumps.contains($0) }.map { PoolHost(name: $0) },
            configuration: "Host *\n  Include \(SSHConfiguration.pattern(file))\n")
    }

    /// The settings of a file and of those that it includes, their names in lower case.
    private static func settings(in text: String, file: String, depth: Int) throws -> [(String, String)] {
        // As deep as OpenSSH goes.
        guard depth <= 16 else { throw refusal(file, "files include each other without end") }
        var settings: [(String, String)] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.hasPrefix("#"), let end = line.firstIndex(where: { $0.isWhitespace || $0 == "=" }) else {
                continue
            }
            let word = line[..<end].lowercased()
            let value = line[end...].drop { $0.isWhitespace || $0 == "=" }
            settings.append((word, String(value)))
            guard word == "include" else { continue }
            for pattern in value.split(whereSeparator: \.isWhitespace) {
                for path in Self.paths(String(pattern.filter { $0 != "\"" })) {
                    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
                    settings += try Self.settings(in: text, file: path, depth: depth + 1)
                }
            }
        }
        return settings
    }

    /// The files that a pattern of `Include` names (ssh_config(5)).
    private static func paths(_ pattern: String) -> [String] {
        let place = pattern.hasPrefix("/") || pattern.hasPrefix("~") ? pattern : "~/.ssh/" + pattern
        var found = glob_t()
        defer { globfree(&found) }
        guard glob((place as NSString).expandingTildeInPath, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }
}
