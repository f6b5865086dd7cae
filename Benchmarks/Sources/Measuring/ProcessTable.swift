import Foundation

/// All processes of this machine at one moment, from /proc.
struct ProcessTable {
    struct Entry {
        let process: pid_t
        let parent: pid_t
        let name: String
        /// How many process namespaces deep it lives.
        let depth: Int

        var commandLine: String { ProcessTable.text("/proc/\(process)/cmdline") }
    }

    let processes: [Entry]

    init() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        processes = names.compactMap { pid_t($0) }.compactMap { Self.entry($0) }
    }

    /// The children of this process that have a name, and all that descends from them, as far as it lives in a process
    /// namespace of its own.
    func descendants(ofChildrenNamed name: String) -> [Entry] {
        let own = Self.entry(getpid())?.depth ?? 1
        return withDescendants(processes.filter { $0.parent == getpid() && $0.name == name && $0.depth > own })
    }

    /// All processes of a name, and all that descends from them.
    func all(named name: String) -> [Entry] { withDescendants(processes.filter { $0.name == name }) }

    private func withDescendants(_ entries: [Entry]) -> [Entry] {
        let children = Dictionary(grouping: processes, by: \.parent)
        var found: [Entry] = []
        var next = entries
        while let entry = next.popLast() {
            found.append(entry)
            next += children[entry.process] ?? []
        }
        return found
    }

    /// Kilobytes of memory, in which a page that several processes share counts in parts (PSS).
    static func memory(of entries: [Entry]) -> Int {
        entries.compactMap { Int(field("Pss", of: "/proc/\($0.process)/smaps_rollup").first ?? "") }.reduce(0, +)
    }

    private static func entry(_ process: pid_t) -> Entry? {
        let file = "/proc/\(process)/status"
        guard let parent = field("PPid", of: file).first.flatMap({ pid_t($0) }) else { return nil }
        // One that has ended and waits for its parent to look is none any more.
        guard field("State", of: file).first != "Z" else { return nil }
        return Entry(
            process: process, parent: parent, name: field("Name", of: file).joined(separator: " "),
            depth: field("NSpid", of: file).count)
    }

    private static func field(_ name: String, of file: String) -> [String] {
        let line = text(file).split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split { $0 == " " || $0 == "\t" }.dropFirst().map(String.init) ?? []
    }

    /// Files of /proc have no size: they are read to their end.
    private static func text(_ file: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: file) else { return "" }
        return String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    }
}
