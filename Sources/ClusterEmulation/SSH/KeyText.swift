import Foundation

#if os(Linux)
import CLibcrypto
#endif

/// A fresh pair without a passphrase, as texts.
package struct KeyText: Sendable, Hashable {
    /// The public key: algorithm and base 64, without a comment.
    package let publicKey: String
    /// The private key as OpenSSH reads it from a file.
    package let privateKey: String

    /// Makes fresh pairs: in this process where the library that OpenSSH itself uses is at hand, else by ssh-keygen.
    ///
    /// A program per key would cost a cluster of a hundred nodes a quarter of its start.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - kind: Of which kind.
    ///   - folder: A folder of ours for ssh-keygen to work in.
    /// - Returns: The pairs.
    /// - Throws: ``ClusterError`` if ssh-keygen fails.
    package static func make(_ count: Int, _ kind: KeyKind = .ed25519, in folder: String) async throws -> [KeyText] {
        var made: [KeyText?] = []
        if kind == .rsa {
            // Each is work for a processor, and for much longer than all else takes.
            made = await withTaskGroup(of: KeyText?.self) { group in
                for _ in 0..<count { group.addTask { make(kind) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        } else {
            made = (0..<count).map { _ in make(kind) }
        }
        let complete = made.compactMap(\.self)
        return complete.count == count ? complete : try await makeByProgram(count, kind, in: folder)
    }

    private static func make(_ kind: KeyKind) -> KeyText? {
        #if os(Linux)
        let check = UInt32.random(in: 0...UInt32.max)
        switch kind {
        case .ed25519:
            var seed = [UInt8](repeating: 0, count: 32)
            var point = [UInt8](repeating: 0, count: 32)
            guard libcrypto_make_ed25519(&seed, &point) == 0 else { return nil }
            return KeyText(seed: seed, point: point, check: check)
        case .ecdsa:
            var number = [UInt8](repeating: 0, count: 32)
            var point = [UInt8](repeating: 0, count: 65)
            guard libcrypto_make_p256(&number, &point) == 0 else { return nil }
            return KeyText(number: number, p256Point: point, check: check)
        case .rsa:
            var made = libcrypto_rsa()
            guard libcrypto_make_rsa(&made) == 0 else { return nil }
            return KeyText(
                rsa: RSANumbers(
                    n: bytes(made.n), e: bytes(made.e), d: bytes(made.d), p: bytes(made.p), q: bytes(made.q),
                    inverse: bytes(made.q_inverse)), check: check)
        }
        #else
        return nil
        #endif
    }

    /// The bytes of a C array, which Swift sees as a tuple.
    private static func bytes(_ array: some Any) -> [UInt8] { withUnsafeBytes(of: array) { Array($0) } }

    /// In as many rows as there are processors.
    static func makeByProgram(
        _ count: Int, _ kind: KeyKind = .ed25519, in folder: String
    ) async throws -> [KeyText] {
        let files = (0..<count).map { "\(folder)/fresh-\($0)" }
        let rows = min(count, ProcessInfo.processInfo.activeProcessorCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for row in 0..<rows {
                let part = stride(from: row, to: files.count, by: rows).map { files[$0] }
                group.addTask { try await runKeygen(kind, part) }
            }
            try await group.waitForAll()
        }
        return try files.map { file in
            defer { for name in [file, file + ".pub"] { unlink(name) } }
            return KeyText(
                publicKey: KeyPair.publicKey(inLine: try String(contentsOfFile: file + ".pub", encoding: .utf8)),
                privateKey: try String(contentsOfFile: file, encoding: .utf8))
        }
    }

    private static func runKeygen(_ kind: KeyKind, _ files: [String]) async throws {
        let text =
            #"for file; do ssh-keygen -q -t "$0" -b "$BITS" -N "" -C cluster-fixture -f "$file" || exit; done"#
        let output = try await Command(
            "sh", ["-c", text, kind.rawValue] + files, environment: ["BITS": kind == .rsa ? "2048" : "256"]
        ).output()
        guard output.succeeded else {
            throw ClusterError(.provisioningFailed, "ssh-keygen could not make the keys: \(output.complaint)")
        }
    }

    init(publicKey: String, privateKey: String) {
        self.publicKey = publicKey
        self.privateKey = privateKey
    }
}

/// A kind of key, by ssh-keygen's name for it.
package enum KeyKind: String, Sendable, CaseIterable {
    case ed25519
    /// On the curve P-256.
    case ecdsa
    /// Of 2048 bits. A pair takes a processor 0.1 to 0.2 seconds, hundreds of times what the others take.
    case rsa
}

/// The numbers of an RSA pair (RFC 8017, 3.2), each with its highest byte first.
struct RSANumbers {
    let n, e, d, p, q: [UInt8]
    /// The inverse of `q` modulo `p`.
    let inverse: [UInt8]
}

extension KeyText {
    /// Writes an ed25519 pair.
    ///
    /// - Parameters:
    ///   - seed: The private key (RFC 8032): 32 bytes.
    ///   - point: The public key: 32 bytes.
    ///   - check: Any number; it stands there twice, to tell a wrong passphrase where there is one.
    init(seed: [UInt8], point: [UInt8], check: UInt32) {
        self.init("ssh-ed25519", check) { wire in
            wire.add(point)
        } private: { wire in
            wire.add(point)
            wire.add(seed + point)
        }
    }

    /// Writes a pair on the curve P-256: the point is 65 bytes, uncompressed (RFC 5656, 3.1).
    init(number: [UInt8], p256Point point: [UInt8], check: UInt32) {
        self.init("ecdsa-sha2-nistp256", check) { wire in
            wire.add("nistp256")
            wire.add(point)
        } private: { wire in
            wire.add("nistp256")
            wire.add(point)
            wire.add(number: number)
        }
    }

    /// Writes an RSA pair.
    init(rsa: RSANumbers, check: UInt32) {
        self.init("ssh-rsa", check) { wire in
            wire.add(number: rsa.e)
            wire.add(number: rsa.n)
        } private: { wire in
            for number in [rsa.n, rsa.e, rsa.d, rsa.inverse, rsa.p, rsa.q] { wire.add(number: number) }
        }
    }

    /// Writes a pair in OpenSSH's formats: RFC 4253, 6.6, RFC 5656 and RFC 8709 for the public key, OpenSSH's PROTOCOL.key for
    /// the private one.
    private init(_ name: String, _ check: UInt32, public: (inout Wire) -> Void, private: (inout Wire) -> Void) {
        var blob = Wire()
        blob.add(name)
        `public`(&blob)
        var section = Wire()
        for _ in 0..<2 { section.add(check) }
        section.add(name)
        `private`(&section)
        section.add("cluster-fixture")
        // 1, 2, 3 and so on, up to a multiple of the cipher's block, which is 8 for none.
        section.bytes += (1...8).prefix((8 - section.bytes.count % 8) % 8).map { UInt8($0) }
        var file = Wire()
        file.bytes = Array("openssh-key-v1\0".utf8)
        for text in ["none", "none", ""] { file.add(text) }
        file.add(1)
        file.add(blob.bytes)
        file.add(section.bytes)
        publicKey = name + " " + Data(blob.bytes).base64EncodedString()
        privateKey = Self.armoured(file.bytes)
    }

    private static func armoured(_ bytes: [UInt8]) -> String {
        var rest = Substring(Data(bytes).base64EncodedString())
        var lines = ["-----BEGIN OPENSSH PRIVATE KEY-----"]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return lines.joined(separator: "\n") + "\n-----END OPENSSH PRIVATE KEY-----\n"
    }

    /// Data types of the SSH protocol (RFC 4251, 5).
    private struct Wire {
        var bytes: [UInt8] = []

        mutating func add(_ number: UInt32) { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }

        mutating func add(_ string: [UInt8]) {
            add(UInt32(string.count))
            bytes += string
        }

        mutating func add(_ text: String) { add(Array(text.utf8)) }

        /// A number that is not negative, the highest byte first: without zeros before it, but for one where it would be negative.
        mutating func add(number: [UInt8]) {
            let digits = Array(number.drop { $0 == 0 })
            add((digits.first ?? 0) >= 0x80 ? [0] + digits : digits)
        }
    }
}
