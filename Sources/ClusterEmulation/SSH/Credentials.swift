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
        async let fresh = pairs(for: User.allCases) { try await KeyPair.generate(folder + "/\($0)") }
        async let hostKeys = pairs(for: Array(1...nodes)) { try await KeyPair.generate(folder + "/host-\($0)") }
        var identities: [User: KeyPair] = [:]
        for user in User.allCases { identities[user] = try await ownKeys.pair(for: user) }
        let (internalKeys, hosts) = try await (fresh, hostKeys)
        return Credentials(
            identities: internalKeys.merging(identities) { $1 }, internalKeys: internalKeys,
            hostKeys: (1...nodes).compactMap { hosts[$0] })
    }

    private static func pairs<Owner: Hashable & Sendable>(
        for owners: [Owner], _ make: @escaping @Sendable (Owner) async throws -> KeyPair
    ) async throws -> [Owner: KeyPair] {
        try await withThrowingTaskGroup(of: (Owner, KeyPair).self) { group in
            let gate = Gate.programs()
            for owner in owners { group.addTask { (owner, try await gate.pass { try await make(owner) }) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
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
    package static func generate(_ file: String) async throws -> KeyPair {
        let output = try await Command(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "cluster-fixture", "-f", file]
        )
        .output()
        guard output.succeeded else {
            throw ClusterError(.provisioningFailed, "ssh-keygen could not make the key \(file): \(output.complaint)")
        }
        return KeyPair(
            privateFile: file, publicKey: publicKey(inLine: try String(contentsOfFile: file + ".pub", encoding: .utf8)))
    }

    static func publicKey(inLine line: String) -> String {
        line.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
    }
}
