import Foundation
import Yams

extension HostPool {
    /// The library's own file, or an inventory of Ansible's. Only the former has lists at its top, such as `hosts`.
    static func yaml(_ text: String, file: String) throws -> HostPool {
        let root: Yams.Node?
        do { root = try compose(yaml: text) } catch {
            throw refusal(file, "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
        }
        guard let mapping = root?.mapping else { throw refusal(file, "it is to be a mapping with `hosts`") }
        guard mapping.contains(where: { $0.value.sequence != nil }) else {
            return try AnsibleInventory(yaml: mapping, file: file).pool()
        }
        return try own(mapping, file: file)
    }

    private static func own(_ mapping: Yams.Node.Mapping, file: String) throws -> HostPool {
        let root = HostEntry(mapping, in: file)
        let common = try root.settings(besides: ["hosts", "bastions"])
        var (hosts, blocks, jumps): ([PoolHost], [String], Set<String>) = ([], [], [])
        for (key, isPool) in [("hosts", true), ("bastions", false)] {
            for entry in try root.list(key) {
                let settings = common.merging(try entry.settings(besides: ["name"])) { $1 }
                var host = PoolHost(name: try entry.name())
                var lines: [String] = []
                for (setting, value) in settings.sorted(by: { $0.key < $1.key }) {
                    if setting == "proxyJump", isPool || entry.has(setting) {
                        jumps.formUnion(Self.jumps(in: value[0]))
                    }
                    // What bastions are reached by, they say themselves.
                    if setting == "proxyJump", !isPool, !entry.has(setting) { continue }
                    lines += try HostEntry.lines(setting, value, of: &host, in: file)
                }
                blocks.append(block(host.name, lines))
                if isPool { hosts.append(host) }
            }
        }
        return HostPool(
            file: file, hosts: hosts.filter { !jumps.contains($0.name) },
            configuration: blocks.joined() + usualConfiguration)
    }
}

extension Yams.Node.Mapping {
    /// The value of a key, however that is written.
    fileprivate func value(_ key: String) -> Yams.Node? { first { $0.key.scalar?.string == key }?.value }
}

/// A mapping of the library's own file.
private struct HostEntry {
    private let mapping: Yams.Node.Mapping
    private let file: String

    init(_ mapping: Yams.Node.Mapping, in file: String) { (self.mapping, self.file) = (mapping, file) }

    private static let known = [
        "address", "port", "user", "root", "identityFile", "hostKeys", "knownHosts", "proxyJump", "roles", "folder",
    ]

    func has(_ key: String) -> Bool { mapping.value(key) != nil }

    func list(_ key: String) throws -> [HostEntry] {
        guard let node = mapping.value(key) else { return [] }
        guard let sequence = node.sequence else { throw refusal(node, "\(key) is to be a list") }
        return try sequence.map { node in
            // A name alone is enough for a host that OpenSSH knows.
            if let name = node.scalar?.string { return HostEntry(["name": Yams.Node(name)], in: file) }
            guard let mapping = node.mapping else {
                throw refusal(node, "a host is to be a name, or a mapping with `name`")
            }
            return HostEntry(mapping, in: file)
        }
    }

    func name() throws -> String {
        guard let node = mapping.value("name"), let name = node.scalar?.string else {
            throw HostPool.refusal(file, line: mapping.mark?.line, "a host has no `name`")
        }
        guard PoolHost.isWord(name) else {
            throw refusal(node, "\"\(ClusterConfiguration.printable(name))\" can't be the name of a host")
        }
        return name
    }

    /// The values of the settings, each of which may be a list.
    func settings(besides others: [String]) throws -> [String: [String]] {
        var settings: [String: [String]] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            if others.contains(name) { continue }
            guard Self.known.contains(name) else {
                let keys = others + Self.known
                throw refusal(
                    key, "there is no key \"\(ClusterConfiguration.printable(name))\"",
                    remedy: ClusterCatalog.nearest(to: name, among: keys).map { "Did you mean \($0)?" }
                        ?? "There are \(keys.joined(separator: ", ")).")
            }
            let values = value.sequence.map(Array.init) ?? [value]
            let texts = values.compactMap { $0.scalar?.string }
            guard texts.count == values.count, !texts.isEmpty,
                texts.count == 1 || ["identityFile", "hostKeys", "roles"].contains(name)
            else { throw refusal(value, "\(name) is to be one value") }
            if let flaw = Self.flaw(name, texts) { throw refusal(value, flaw) }
            settings[name] = texts
        }
        return settings
    }

    private static func flaw(_ name: String, _ values: [String]) -> String? {
        let value = values[0]
        switch name {
        case "port": return Int(value).map { (1...65535).contains($0) } == true ? nil : "\(value) is not a port"
        case "root": return ["true", "false"].contains(value) ? nil : "root is true or false"
        case "folder":
            return PoolHost.isPlainPath(value) ? nil : "folder is an absolute path of letters, digits and ._-"
        case "hostKeys":
            let isKey = values.allSatisfy { $0.split(separator: " ").count >= 2 && !$0.contains(where: \.isNewline) }
            return isKey ? nil : "a host key is an algorithm and base 64, as in a known_hosts file"
        case "identityFile", "knownHosts":
            return values.allSatisfy { !$0.contains(where: { "\"\n".contains($0) }) }
                ? nil : "\(name) has a quote in it"
        case "proxyJump":
            return value.split(separator: ",").allSatisfy({ PoolHost.isWord(String($0.replacing("ssh://", with: ""))) })
                ? nil : "proxyJump is [USER@]HOST[:PORT], or several with commas between"
        default:
            return values.allSatisfy(PoolHost.isWord)
                ? nil : "\"\(ClusterConfiguration.printable(value))\" can't be \(name)"
        }
    }

    /// What a setting is in an ssh_config, or makes of a host.
    static func lines(_ setting: String, _ values: [String], of host: inout PoolHost, in file: String) throws
        -> [String]
    {
        func path(_ text: String) -> String {
            if text.hasPrefix("~") { return SSHConfiguration.path(text) }
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
            return SSHConfiguration.path(URL(fileURLWithPath: text, relativeTo: folder).standardizedFileURL.path)
        }
        switch setting {
        case "address": return ["HostName \(values[0])"]
        case "port": return ["Port \(values[0])"]
        case "user": return ["User \(values[0])"]
        case "identityFile": return values.map { "IdentityFile \(path($0))" }
        case "knownHosts": return ["UserKnownHostsFile \(path(values[0]))"]
        case "proxyJump": return ["ProxyJump \(values[0])"]
        case "root": host.hasRoot = values[0] == "true"
        case "roles": host.roles = Set(values)
        case "folder": host.base = values[0] == "/" ? "" : values[0]
        case "hostKeys": host.hostKeys = values.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        default: preconditionFailure("\(setting) is not a setting of a host")
        }
        return []
    }

    private func refusal(_ node: Yams.Node, _ what: String, remedy: String = "") -> ClusterError {
        HostPool.refusal(file, line: node.mark?.line, what, remedy: remedy)
    }
}
