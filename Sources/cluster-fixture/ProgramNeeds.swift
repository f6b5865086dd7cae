import ClusterEmulation
import Foundation

/// What has to be on a node for a program to run there: the program, and the interpreter that its first line names.
struct ProgramNeeds {
    /// Paths, and names that are looked for on `PATH`.
    let all: [String]
    /// Where this machine has them, and what that leads to.
    private let places: [String: (found: String, real: String)]
    /// What the node sees in any case.
    private let folder: String

    /// - Parameters:
    ///   - program: As it was typed: a name, or a path.
    ///   - folder: What the path is relative to.
    init(_ program: String, in folder: String) {
        var (all, places): ([String], [String: (found: String, real: String)]) = ([], [:])
        var wanted: [String] = [program.contains("/") ? Self.absolute(program, in: folder) : program]
        while let need = wanted.first {
            wanted.removeFirst()
            // Interpreters may have interpreters, but not for ever.
            guard !all.contains(need), all.count < 5 else { continue }
            all.append(need)
            guard let place = ProgramPath.findByName(need) else { continue }
            if FileManager.default.fileExists(atPath: place) {
                places[need] = (place, URL(fileURLWithPath: place).resolvingSymlinksInPath().path)
            }
            // A program of the node's own has one of the node's own.
            if need.contains("/") { wanted += Self.interpreter(of: place) }
        }
        (self.all, self.places, self.folder) = (all, places, folder)
    }

    /// What the first line of a script asks for (execve(2)): a path, and behind env(1) a name.
    private static func interpreter(of file: String) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: file),
            let bytes = try? handle.read(upToCount: 256), bytes.starts(with: Array("#!".utf8))
        else { return [] }
        let line = String(decoding: bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let first = words.first else { return [] }
        let isEnvironment = (first as NSString).lastPathComponent == "env"
        let named = words.dropFirst().first { !$0.hasPrefix("-") && !$0.contains("=") }
        return [first] + (isEnvironment ? [named].compactMap(\.self) : [])
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : folder + "/" + path
    }

    func error(missing: [String], on node: String) -> ClusterError {
        let names = missing.map { need in
            places[need].map { $0.real == need ? need : "\(need) (here \($0.real))" } ?? need
        }
        let remedies = missing.map(remedy)
        return ClusterError(
            .missingProgram,
            "`\(all[0])` can't be run on \(node), which has no \(names.joined(separator: " and no ")).",
            node: node,
            remedy: remedies.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " "))
    }

    private func remedy(for need: String) -> String {
        guard let (found, real) = places[need] else { return "\(need) is not on this machine either." }
        let prefix = Self.prefix(of: real)
        if Self.systems.contains(prefix) {
            return "This machine has it from its own system: add the package that it is in by --package."
        }
        func isSeen(_ path: String) -> Bool { [prefix, folder].contains { path.hasPrefix($0 + "/") } }
        var mounts = [prefix]
        // The link to it has to be seen as well.
        if need.contains("/"), !isSeen(need) { mounts.append((need as NSString).deletingLastPathComponent) }
        let options = mounts.map { "--mount \(shellQuoted("\($0):\($0):ro"))" }.joined(separator: " ")
        let path = need.contains("/") ? "" : ", and name it by its path, \(isSeen(found) ? found : real)"
        return "This machine has it in a folder that the node does not see: add \(options)\(path)."
    }

    /// The folder with all that belongs to a program: the one that its `bin` is in.
    private static func prefix(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        let isPrograms = ["bin", "sbin"].contains((folder as NSString).lastPathComponent)
        return isPrograms ? (folder as NSString).deletingLastPathComponent : folder
    }

    /// What nobody mounts over a node's own.
    private static let systems: Set = ["/", "/usr", "/usr/local", "/bin", "/sbin", "/lib", "/etc"]
}
