import Foundation

/// This machine's own sshd.
enum SSHServer {
    private static let program = "/usr/sbin/sshd"

    static var whyNot: String? {
        FileManager.default.isExecutableFile(atPath: program)
            ? Machine.needsRoot : "\(program) is missing: \(Machine.peers)"
    }

    /// An sshd in the foreground, with the workshop's keys and nothing of this machine's settings.
    ///
    /// The home is an empty one: a start-up file of this machine's shell can take longer than everything else.
    static func command(_ workshop: Workshop) -> [String] {
        let options = [
            "UsePAM=no", "PidFile=none", "StrictModes=no", "AuthorizedKeysFile=\(workshop.key).pub",
            "SetEnv=HOME=\(workshop.folder)",
        ]
        return [program, "-D", "-f", "/dev/null", "-h", workshop.hostKey] + options.flatMap { ["-o", $0] }
    }
}
