#if os(Linux)
import Foundation
import Glibc

extension ImageCache {
    /// The names of the root file systems and layers, and of what is or was being made.
    func names() throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try OwnFolder(folder, for: .readers).names().filter { !$0.hasPrefix(".") }
    }

    /// Whether it was never moved to its place. Earlier versions put the number of their process behind the name.
    func isUnfinished(_ name: String) -> Bool { name.hasSuffix(Self.unfinished) || Self.earlierMaker(name) != nil }

    private static func earlierMaker(_ name: String) -> pid_t? {
        name.split(separator: ".").dropFirst().last.flatMap { pid_t($0) }
    }

    /// Whether nobody is making it any more.
    func isAbandoned(_ name: String) throws -> Bool {
        if let maker = Self.earlierMaker(name) { return kill(maker, 0) != 0 && errno == ESRCH }
        guard let lock = try lockIfFree(Self.lockName(name)) else { return false }
        lock.release()
        return true
    }

    private static func lockName(_ name: String) -> String {
        name.hasSuffix(unfinished) ? String(name.dropLast(unfinished.count)) : name
    }

    /// Removes a folder of the cache, unless somebody is making it.
    ///
    /// - Throws: ``ClusterError`` if somebody is, or it can't be removed.
    func remove(_ name: String) async throws {
        guard let lock = try lockIfFree(Self.lockName(name)) else {
            throw ClusterError(
                .imageUnavailable, "\(name) was not removed: another process is making it.",
                remedy: "Wait until that has ended.")
        }
        defer { lock.release() }
        try await ImageWorkshop(cache: folder, name: name).remove()
        if !isUnfinished(name) { forget(name) }
    }

    /// When a folder was made.
    func made(_ name: String) -> Date {
        var status = stat()
        guard lstat("\(folder)/\(name)", &status) == 0 else { return .distantPast }
        return Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
    }

    /// In bytes on the disk, of what this user may look at.
    func size(of name: String) async throws -> Int {
        let words = ["--summarize", "--block-size=1", "--one-file-system", "--", "\(folder)/\(name)"]
        let output = try await Command("du", words).output()
        return output.lines.last?.split(separator: "\t").first.flatMap { Int($0) } ?? 0
    }
}
#endif
