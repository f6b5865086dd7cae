import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A process on a machine, told from a later one with the same number by its start time.
package struct ProcessIdentity: Sendable, Hashable {
    package let machine: String
    package let processID: Int32
    /// Clock ticks after boot, where the system tells (Linux); else empty.
    package let started: String

    package init(machine: String, processID: Int32, started: String) {
        self.machine = machine
        self.processID = processID
        self.started = started
    }

    package static let current = ProcessIdentity(
        machine: machineName, processID: getpid(), started: startTime(getpid()) ?? "")

    /// A process of this machine that is running now; nil if the system doesn't tell when it was started.
    package init?(running processID: Int32) {
        guard let started = Self.startTime(processID) else { return nil }
        self.init(machine: Self.machineName, processID: processID, started: started)
    }

    private static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Two containers that share an engine may share a name, but number their processes each for themselves.
        let numbering = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
        return [host, numbering, installation].compactMap { $0 }.joined(separator: " ")
    }

    /// What tells machines of one name apart that share an engine: machine-id(5), which is not to be shown as it is. Nil where there is none.
    private static let installation: String? = {
        guard let id = try? Data(contentsOf: URL(fileURLWithPath: "/etc/machine-id")), !id.isEmpty else { return nil }
        var fingerprint = Fingerprint()
        fingerprint.add("cluster-fixture".utf8)
        fingerprint.add(id)
        return fingerprint.text
    }()

    /// The identity as a label's value.
    package var text: String { "\(processID) \(started) \(machine)" }

    package init?(text: String) {
        let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, let processID = Int32(words[0]) else { return nil }
        self.init(machine: String(words[2]), processID: processID, started: String(words[1]))
    }

    /// Whether the process is known to have ended. Of another machine's processes nothing is known.
    package var hasEnded: Bool {
        guard machine == Self.current.machine else { return false }
        if kill(processID, 0) != 0 && errno == ESRCH { return true }
        return Self.startTime(processID).map { $0 != started } ?? false
    }

    /// Returns when the process has ended, a fifth of a second later at most, or the task is cancelled.
    package func ended() async {
        while !hasEnded, !Self.isZombie(processID), (try? await Task.sleep(for: .milliseconds(200))) != nil {}
    }

    /// Whether a process is this user's, or another one's, through and through: its real, effective, saved and file system user, the `Uid:`
    /// of `/proc/PID/status` (proc(5)). A set-user-ID program has its file's owner for some of them, and is owned by
    /// that user in `/proc`, whoever runs it.
    package static func isOwn(_ processID: Int32, as user: UInt32 = geteuid()) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
        else { return false }
        let users = line.split(whereSeparator: \.isWhitespace).dropFirst().map { UInt32($0) }
        return users.count == 4 && users.allSatisfy { $0 == user }
    }

    /// Whether it is the same process as another identity of this machine.
    func isSameProcess(as other: ProcessIdentity) -> Bool {
        processID == other.processID && started == other.started && !started.isEmpty
    }

    /// Whether a process has ended but is still listed.
    static func isZombie(_ processID: Int32) -> Bool { statistics(processID)?.first == "Z" }

    /// Field 22 of `/proc/PID/stat` (proc(5)).
    private static func startTime(_ processID: Int32) -> String? {
        guard let fields = statistics(processID), fields.count > 19 else { return nil }
        return fields[19]
    }

    /// The fields of `/proc/PID/stat` from the third on: the program's name in the second may hold anything.
    private static func statistics(_ processID: Int32) -> [String]? {
        guard let stat = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        return stat[stat.index(after: end)...].split(separator: " ").map(String.init)
    }
}
