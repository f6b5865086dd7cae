import Foundation

/// A key pair on disk.
package struct KeyPair: Sendable, Hashable {
    /// The private key's file.
    package let privateFile: String
    /// The public key: algorithm and base 64, without a comment.
    package let publicKey: String
}

/// All the keys of one cluster: how the test logs in, how the nodes log in to each other, and what the nodes are.
package struct Credentials: Sendable {
    /// What the test process logs in with.
    package let identities: [User: KeyPair]
    /// What each user of a node logs in to other nodes with: the test's own pair, unless that is the user's and no
    /// node's business.
    package let internalKeys: [User: KeyPair]
    /// What the nodes prove themselves with, in the order of the nodes.
    package let hostKeys: [KeyPair]

    /// Makes what is missing: fresh ed25519 pairs for everything, but for the users' identities where the package's
    /// `ssh/` folder holds pairs of the user's own.
    package static func make(nodes: Int, folder: String, ownKeys: OwnKeys) async throws -> Credentials {
        let users = User.allCases.map { "\(folder)/\($0)" }
        let hosts = (1...nodes).map { "\(folder)/host-\($0)" }
        async let fresh = KeyPair.generate(users + hosts)
        var identities: [User: KeyPair] = [:]
        for user in User.allCases { identities[user] = try await ownKeys.pair(for: user) }
        let pairs = try await fresh
        let internalKeys = Dictionary(uniqueKeysWithValues: zip(User.allCases, pairs))
        return Credentials(
            identities: internalKeys.merging(identities) { $1 }, internalKeys: internalKeys,
            hostKeys: Array(pairs.dropFirst(users.count)))
    }

    /// The public keys that may log in as a user: the test's, that user's own on other nodes, and for `ubuntu` root's.
    package func authorizedKeys(for user: User) -> [String] {
        let internalUsers: [User] = user == .root ? [.root] : [.root, .ubuntu]
        let keys = ([identities[user]] + internalUsers.map { internalKeys[$0] }).compactMap { $0?.publicKey }
        return keys.enumerated().filter { !keys[..<$0].contains($1) }.map(\.element)
    }
}

extension KeyPair {
    /// Makes a fresh ed25519 pair without a passphrase.
    package static func generate(_ file: String) async throws -> KeyPair { try await generate([file])[0] }

    /// Makes fresh ed25519 pairs without a passphrase, in as many rows as there are processors.
    static func generate(_ files: [String]) async throws -> [KeyPair] {
        let rows = min(files.count, ProcessInfo.processInfo.activeProcessorCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for row in 0..<rows {
                let part = stride(from: row, to: files.count, by: rows).map { files[$0] }
                group.addTask { try await generateOneByOne(part) }
            }
            try await group.waitForAll()
        }
        return try files.map { file in
            let line = try String(contentsOfFile: file + ".pub", encoding: .utf8)
            return KeyPair(privateFile: file, publicKey: publicKey(inLine: line))
        }
    }

    /// A shell starts the programs: it is much smaller than this process, which makes each start cheaper.
    private static func generateOneByOne(_ files: [String]) async throws {
        let text = #"for file; do ssh-keygen -q -t ed25519 -N "" -C cluster-fixture -f "$file" || exit; done"#
        let output = try await Command("sh", ["-c", text, "keys"] + files).output()
        guard output.succeeded else {
            throw ClusterError(.provisioningFailed, "ssh-keygen could not make the keys: \(output.complaint)")
        }
    }

    static func publicKey(inLine line: String) -> String {
        line.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
    }
}
