/// Environment variables on their way to a command on a node.
///
/// Values travel in the SSH protocol, under a prefix that sshd accepts, and get their own names in a line in front of
/// the command: they never appear on a command line, here or on the node, and names such as `LD_PRELOAD` never touch the local ssh.
package struct SentVariables: Sendable {
    private static let prefix = "CLUSTER_FIXTURE_ENV_"
    private let variables: [(name: String, value: String)]

    package init(_ environment: [String: String]) {
        variables = environment.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What the local ssh gets in its environment.
    package var local: [String: String] {
        Dictionary(uniqueKeysWithValues: variables.map { (Self.prefix + $0.name, $0.value) })
    }

    /// What ssh is to send and sshd to accept. It stands in the ssh_config file, since the process that holds a shared
    /// connection must be told when it is started.
    package static let pattern = prefix + "*"

    /// The beginning of the remote line, which names them; it fails if the node's sshd did not let them in.
    package var prelude: String {
        variables.map { name, _ in
            let sent = Self.prefix + name
            return "export \(name)=\"${\(sent)?was not accepted by sshd}\"; unset \(sent); "
        }.joined()
    }

    /// Whether a shell can have a variable of this name.
    package static func isValidName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
        return name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isLetter($0) || (0x30...0x39).contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
}
