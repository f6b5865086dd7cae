import Foundation

/// A key pair on disk.
package struct KeyPair: Sendable, Hashable {
    /// The private key's file.
    package let privateFile: String
    /// The public key: algorithm and base 64, without a comment.
    package let publicKey: String

    /// Makes a fresh ed25519 pair without a passphrase: the private key's file, and `.pub` beside it.
    package static func generate(_ file: String) async throws -> KeyPair {
        let folder = (file as NSString).deletingLastPathComponent
        return try KeyPair(writing: try await KeyText.make(1, in: folder)[0], to: file)
    }

    init(privateFile: String, publicKey: String) {
        self.privateFile = privateFile
        self.publicKey = publicKey
    }

    init(writing text: KeyText, to file: String) throws {
        try Workspace.write(text.privateKey, to: file)
        try Workspace.write(text.publicKey + " cluster-fixture\n", to: file + ".pub", mode: 0o644)
        self.init(privateFile: file, publicKey: text.publicKey)
    }

    static func publicKey(inLine line: String) -> String {
        line.split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
    }
}

/// All the keys of one cluster: how the test logs in, how the nodes log in to each other, and what the nodes are.
package struct Credentials: Sendable {
    /// What the test process logs in with.
    package let identities: [User: KeyPair]
    /// What each user of a node logs in to other nodes with: the test's own pair, unless that is a
    /// pair that the user brought, which nodes must never see.
    package let internalKeys: [User: KeyText]
    /// What `ubuntu` logs in to other nodes with besides, where programs look for an RSA pair.
    package let rsaKey: KeyText?
    /// What the nodes prove themselves with, by their names, and by kind.
    package let hostKeys: [String: [KeyKind: KeyText]]

    /// Makes what is missing: fresh pairs for everything, but for the users' identities where the package's `ssh/` folder holds
    /// pairs of the user's own.
    package static func make(
        nodes: [String], rsaHostKeys: Bool = false, rsaUserKey: Bool = false, folder: String, ownKeys: OwnKeys
    ) async throws -> Credentials {
        let users = User.allCases
        let fresh = try await KeyText.make(users.count, in: folder)
        var hostKeys: [String: [KeyKind: KeyText]] = [:]
        for kind in KeyKind.allCases where kind != .rsa || rsaHostKeys {
            let made = try await KeyText.make(nodes.count, kind, in: folder)
            for (node, text) in zip(nodes, made) { hostKeys[node, default: [:]][kind] = text }
        }
        let internalKeys = Dictionary(uniqueKeysWithValues: zip(users, fresh))
        var identities: [User: KeyPair] = [:]
        for (user, text) in internalKeys {
            let own = try await ownKeys.pair(for: user)
            identities[user] = try own ?? KeyPair(writing: text, to: "\(folder)/\(user)")
        }
        let rsaKey = rsaUserKey ? try await KeyText.make(1, .rsa, in: folder).first : nil
        return Credentials(identities: identities, internalKeys: internalKeys, rsaKey: rsaKey, hostKeys: hostKeys)
    }

    /// All public host keys of a node, the ed25519 key first: algorithm and base 64.
    package func publicHostKeys(of node: String) -> [String] {
        KeyKind.allCases.compactMap { hostKeys[node]?[$0]?.publicKey }
    }

    /// The public keys that may log in as a user: the test's and other nodes', for `ubuntu` those of root as well.
    package func authorizedKeys(for user: User) -> [String] {
        let users: [User] = user == .root ? [.root] : [.ubuntu, .root]
        let keys =
            users.compactMap { identities[$0]?.publicKey } + users.compactMap { internalKeys[$0]?.publicKey }
            + (user == .ubuntu ? [rsaKey?.publicKey].compactMap(\.self) : [])
        return keys.enumerated().filter { !keys[..<$0].contains($1) }.map(\.element)
    }
}
