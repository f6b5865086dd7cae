import Foundation

/// The place where users put key pairs of their own: a folder with `root/` and `mock_ubuntu/`.
///
/// It is the one that `CLUSTER_FIXTURE_SSH` names, or `ssh/` of the checkout that the program was built from. The checkout
/// may have gone meanwhile, and its path may be somebody else's: its keys are used only where nobody but root and this
/// user can have put them, which goes for every folder above them as well.
package struct OwnKeys: Sendable {
    package let folder: String
    /// Whether the user has named the folder.
    private let isNamed: Bool

    package init(folder: String? = nil) {
        let named = folder ?? ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_SSH"]
        self.init(named: named, checkout: PackageFolder.path)
    }

    package init(named folder: String?, checkout: String) {
        self.folder = folder ?? (PathTrust.resolved(checkout) ?? checkout) + "/ssh"
        isNamed = folder != nil
    }

    /// Refuses a folder that is not there, or is not what such a folder is: its keys would not be used, and nobody would be told.
    static func check(named folder: String) throws {
        let places = ["root", "mock_ubuntu"].map { folder + "/" + $0 }
        if places.contains(where: { FileManager.default.fileExists(atPath: $0) }) { return }
        throw ClusterError(
            .invalidConfiguration,
            "CLUSTER_FIXTURE_SSH is \"\(ClusterConfiguration.printable(folder))\", which has neither a folder root nor mock_ubuntu.",
            remedy: "Name the folder in which these are with your key pairs, or unset the variable.")
    }

    /// The user's own pair, or nil if there is none.
    ///
    /// - Throws: ``ClusterError`` if there is more than one, if others can read it, or if it is not a private key.
    package func pair(for user: User) async throws -> KeyPair? {
        let place = folder + (user == .root ? "/root" : "/mock_ubuntu")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        let keys = names.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".pub") }.sorted()
        guard let key = keys.first else { return nil }
        let file = place + "/" + key
        if !isNamed, let flaw = PathTrust.flaw(of: file) {
            Self.sayOnce(
                "\(file) is not used, since \(flaw.sentence). \(flaw.remedy) Or name its folder by CLUSTER_FIXTURE_SSH."
            )
            return nil
        }
        guard keys.count == 1 else {
            throw invalid(
                "\(place) holds more than one private key (\(keys.joined(separator: ", "))).", "Keep one of them.")
        }
        if file.contains(where: { "\"\\".contains($0) || $0.isNewline }) || file.contains("${") {
            throw invalid(
                "\"\(ClusterConfiguration.printable(file))\" can't be named in an ssh_config: it has a quote, a backslash, a line break or ${.",
                "Put the key pairs elsewhere.")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        if let mode = attributes[.posixPermissions] as? Int, mode & 0o077 != 0 {
            throw invalid(
                "The private key \(file) can be read by others (mode \(String(mode, radix: 8))), so OpenSSH refuses it.",
                "Run `chmod 600 \(shellQuoted(file))`.")
        }
        // An empty passphrase is given, so that ssh-keygen doesn't ask for one.
        let output = try await Command("ssh-keygen", ["-y", "-P", "", "-f", file]).output()
        guard output.succeeded else {
            throw invalid(
                "\(file) is not a private key that can be used without a passphrase: \(output.complaint).",
                "Make one with ssh/generate-keys.")
        }
        return KeyPair(privateFile: file, publicKey: KeyPair.publicKey(inLine: output.standardOutput))
    }

    private static func sayOnce(_ text: String) {
        if said.withLock({ $0.insert(text).inserted }) { Progress.say(text) }
    }

    private static let said = Locked<Set<String>>([])

    private func invalid(_ message: String, _ remedy: String) -> ClusterError {
        ClusterError(.invalidConfiguration, message, remedy: remedy)
    }
}
