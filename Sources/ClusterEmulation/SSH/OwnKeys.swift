import Foundation

/// The place where users put key pairs of their own: a folder with `root/` and `mock_ubuntu/`.
package struct OwnKeys: Sendable {
    /// The folder; by default the package's `ssh/`, or what `CLUSTER_FIXTURE_SSH` names.
    package let folder: String

    package init(folder: String? = nil) {
        self.folder =
            folder ?? ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_SSH"] ?? PackageFolder.path + "/ssh"
    }

    /// The user's own pair, or nil if there is none.
    ///
    /// - Throws: ``ClusterError`` if there is more than one, if others can read it, or if it is no private key.
    package func pair(for user: User) async throws -> KeyPair? {
        let place = folder + (user == .root ? "/root" : "/mock_ubuntu")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        let keys = names.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".pub") }.sorted()
        guard let key = keys.first else { return nil }
        let file = place + "/" + key
        guard keys.count == 1 else {
            throw invalid(
                "\(place) holds more than one private key (\(keys.joined(separator: ", "))).", "Keep one of them.")
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

    private func invalid(_ message: String, _ remedy: String) -> ClusterError {
        ClusterError(.invalidConfiguration, message, remedy: remedy)
    }
}
