import Foundation
import Yams

/// An inventory of Ansible's, as far as it says where hosts are: groups of hosts, variables of both, no patterns and no templates.
struct AnsibleInventory {
    private struct Group {
        var hosts: [String] = []
        var variables: [String: String] = [:]
        var children: [String] = []
    }

    private let file: String
    private var groups: [String: Group] = ["all": Group()]
    private var hostVariables: [String: [String: String]] = [:]
    /// The hosts, in the file's order.
    private var names: [String] = []

    private mutating func add(_ host: String, to group: String, line: Int?) throws {
        guard PoolHost.isWord(host), !host.contains(where: { "[]@%".contains($0) }) else {
            throw unreadable(line, "\"\(ClusterConfiguration.printable(host))\" is a range, or no name of a host")
        }
        groups[group, default: Group()].hosts.append(host)
        if !names.contains(host) { names.append(host) }
    }

    private func unreadable(_ line: Int?, _ what: String) -> ClusterError {
        HostPool.refusal(
            file, line: line, what,
            remedy:
                "Ansible itself writes it out: `ansible-inventory -i \(shellQuoted(file)) --list --yaml --output hosts.yaml`."
        )
    }
}

// --- as INI -----------------------------------------------------------------------------------------------------------

extension AnsibleInventory {
    init(ini text: String, file: String) throws {
        self.file = file
        var (group, part) = ("ungrouped", "hosts")
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let (number, line) = (index + 1, line.trimmingCharacters(in: .whitespaces))
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                let words = line[line.index(after: line.startIndex)..<end].split(separator: ":").map(String.init)
                guard (1...2).contains(words.count), words.count == 1 || ["vars", "children"].contains(words[1]) else {
                    throw unreadable(number, "\(line) begins no part of an inventory")
                }
                (group, part) = (words[0], words.count == 2 ? words[1] : "hosts")
                groups[group] = groups[group] ?? Group()
                continue
            }
            switch part {
            case "children":
                groups[group]?.children.append(line)
                groups[line] = groups[line] ?? Group()
            case "vars":
                let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                guard parts.count == 2 else { throw unreadable(number, "\(line) is not a variable") }
                groups[group]?.variables[parts[0]] = Self.unquoted(parts[1])
            default:
                guard let words = Self.words(line), let host = words.first else {
                    throw unreadable(number, "a quote is not closed")
                }
                try add(host, to: group, line: number)
                for word in words.dropFirst() {
                    guard let sign = word.firstIndex(of: "=") else {
                        throw unreadable(number, "\(word) is not a variable")
                    }
                    hostVariables[host, default: [:]][String(word[..<sign])] = String(word[word.index(after: sign)...])
                }
            }
        }
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let first = text.first, "\"'".contains(first), text.last == first else { return text }
        return String(text.dropFirst().dropLast())
    }

    /// The words of a line as a shell has them, without what it would do to them; nil if a quote is not closed.
    static func words(_ line: String) -> [String]? {
        var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else if character == "#", word == nil {
                break
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return quote == nil ? words + (word.map { [$0] } ?? []) : nil
    }
}

// --- as YAML ----------------------------------------------------------------------------------------------------------

extension AnsibleInventory {
    init(yaml mapping: Yams.Node.Mapping, file: String) throws {
        self.file = file
        for (key, value) in mapping { try read(value, as: key.scalar?.string ?? "") }
    }

    private mutating func read(_ node: Yams.Node, as name: String) throws {
        groups[name] = groups[name] ?? Group()
        guard node.tag != Yams.Tag(.null) else { return }
        guard let group = node.mapping else {
            throw unreadable(node.mark?.line, "the group \(name) is to be a mapping")
        }
        for (key, value) in group {
            let part = key.scalar?.string ?? ""
            guard ["hosts", "vars", "children"].contains(part) else {
                throw unreadable(
                    key.mark?.line,
                    "a group has hosts, vars and children, not \"\(ClusterConfiguration.printable(part))\"")
            }
            guard value.tag != Yams.Tag(.null) else { continue }
            guard let entries = value.mapping else {
                throw unreadable(value.mark?.line, "\(part) of \(name) is to be a mapping")
            }
            for (key, value) in entries {
                let entry = key.scalar?.string ?? ""
                switch part {
                case "hosts":
                    try add(entry, to: name, line: key.mark?.line)
                    for (variable, value) in value.mapping ?? [:] {
                        hostVariables[entry, default: [:]][variable.scalar?.string ?? ""] = value.scalar?.string
                    }
                case "children":
                    groups[name]?.children.append(entry)
                    try read(value, as: entry)
                default: groups[name]?.variables[entry] = value.scalar?.string
                }
            }
        }
    }
}

// --- what it says -----------------------------------------------------------------------------------------------------

extension AnsibleInventory {
    func pool() throws -> HostPool {
        let place = (file as NSString).deletingLastPathComponent
        for folder in ["group_vars", "host_vars"] where FileManager.default.fileExists(atPath: "\(place)/\(folder)") {
            throw unreadable(nil, "there are variables in \(place)/\(folder), which are not read")
        }
        var (blocks, jumps): ([String], Set<String>) = ([], [])
        var (configuration, isFirst): (String?, Bool) = (nil, true)
        var hosts: [PoolHost] = []
        for name in names {
            let variables = variables(of: name)
            var options: (lines: [String], file: String?) = ([], nil)
            for (variable, word) in [("host", "HostName"), ("port", "Port"), ("user", "User")] {
                guard let value = try self.value([variable], variables, of: name) else { continue }
                guard PoolHost.isWord(value) else {
                    throw unreadable(nil, "ansible_\(variable) of \(name) is not a word")
                }
                options.lines.append("\(word) \(value)")
            }
            if let key = try value(["ssh_private_key_file", "private_key_file"], variables, of: name) {
                options.lines.append("IdentityFile \(SSHConfiguration.path((key as NSString).expandingTildeInPath))")
            }
            for variable in ["ssh_common_args", "ssh_extra_args", "ssh_args"] {
                if let words = try value([variable], variables, of: name) { try read(words, of: name, into: &options) }
            }
            if let connection = try value(["connection"], variables, of: name), connection != "ssh",
                connection != "smart"
            {
                throw unreadable(nil, "\(name) is reached by \(connection), not by ssh")
            }
            for line in options.lines where line.hasPrefix("ProxyJump ") {
                jumps.formUnion(HostPool.jumps(in: String(line.dropFirst(10))))
            }
            if !isFirst, configuration != options.file {
                throw unreadable(nil, "\(name) has another ssh_config than the hosts before it")
            }
            (configuration, isFirst) = (options.file, false)
            blocks.append(HostPool.block(name, options.lines))
            var host = PoolHost(name: name)
            host.roles = Set(parents(of: name).filter { $0 != "all" && $0 != "ungrouped" })
            hosts.append(host)
        }
        // Ansible's ssh reads what every ssh reads, unless it is told otherwise.
        let rest =
            configuration.map { "Host *\n  Include \(SSHConfiguration.pattern($0))\n" } ?? HostPool.usualConfiguration
        return HostPool(
            file: file, hosts: hosts.filter { !jumps.contains($0.name) }, configuration: blocks.joined() + rest)
    }

    /// The groups that a host is in, the outermost first.
    private func parents(of host: String) -> [String] {
        var found = groups.filter { $0.value.hosts.contains(host) }.keys.sorted()
        var index = 0
        while index < found.count {
            found += groups.filter { $0.value.children.contains(found[index]) && !found.contains($0.key) }.keys.sorted()
            index += 1
        }
        return ["all"] + found.filter { $0 != "all" }.reversed()
    }

    /// What is nearer to the host goes before what is farther away.
    private func variables(of host: String) -> [String: String] {
        let groups = parents(of: host).reduce(into: [String: String]()) { variables, group in
            variables.merge(self.groups[group]?.variables ?? [:]) { $1 }
        }
        return groups.merging(hostVariables[host] ?? [:]) { $1 }
    }

    private func value(_ names: [String], _ variables: [String: String], of host: String) throws -> String? {
        guard
            let value = names.flatMap({ ["ansible_\($0)", "ansible_ssh_\($0)"] }).lazy.compactMap({ variables[$0] })
                .first
        else { return nil }
        if value.contains("{{") { throw unreadable(nil, "ansible_\(names[0]) of \(host) is a template") }
        return value
    }

    /// Arguments of `ssh`: `-F`, `-J`, `-o`, `-i`, `-l` and `-p`.
    private func read(_ text: String, of host: String, into options: inout (lines: [String], file: String?)) throws {
        guard var words = Self.words(text) else {
            throw unreadable(nil, "a quote in the arguments of \(host) is not closed")
        }
        while !words.isEmpty {
            let word = words.removeFirst()
            let option = String(word.prefix(2))
            guard ["-F", "-J", "-o", "-i", "-l", "-p"].contains(option), word.count > 2 || !words.isEmpty else {
                if ["-C", "-q", "-4", "-6", "-A", "-a", "-x"].contains(word) { continue }
                throw unreadable(nil, "the argument \(word) for ssh of \(host) is not known here")
            }
            let value = word.count > 2 ? String(word.dropFirst(2)) : words.removeFirst()
            guard !value.contains(where: \.isNewline) else {
                throw unreadable(nil, "an argument of \(host) has a line break")
            }
            switch option {
            case "-F": options.file = value
            case "-J": options.lines.append("ProxyJump \(value)")
            case "-i":
                options.lines.append("IdentityFile \(SSHConfiguration.path((value as NSString).expandingTildeInPath))")
            case "-l": options.lines.append("User \(value)")
            case "-p": options.lines.append("Port \(value)")
            default:
                guard let sign = value.firstIndex(where: { $0 == "=" || $0 == " " }) else {
                    throw unreadable(nil, "\(value) is not an option of ssh")
                }
                let (key, rest) = (value[..<sign], value[value.index(after: sign)...])
                options.lines.append("\(key.lowercased() == "proxyjump" ? "ProxyJump" : String(key)) \(rest)")
            }
        }
    }
}
