import Foundation

#if os(Linux)
import CLibcrypto
#endif

/// A fresh ed25519 pair without a passphrase, as texts.
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
    ///   - folder: A folder of ours for ssh-keygen to work in.
    /// - Returns: The pairs.
    /// - Throws: ``ClusterError`` if ssh-keygen fails.
    package static func make(_ count: Int, in folder: String) async throws -> [KeyText] {
        let made = (0..<count).map { _ in make() }
        let complete = made.compactMap(\.self)
        return complete.count == count ? complete : try await makeByProgram(count, in: folder)
    }

    private static func make() -> KeyText? {
        #if os(Linux)
        var seed = [UInt8](repeating: 0, count: 32)
        var point = [UInt8](repeating: 0, count: 32)
        guard libcrypto_make_ed25519(&seed, &point) == 0 else { return nil }
        return KeyText(seed: seed, point: point, check: .random(in: 0...UInt32.max))
        #else
        return nil
        #endif
    }

    /// In as many rows as there are processors.
    static func makeByProgram(_ count: Int, in folder: String) async throws -> [KeyText] {
        let files = (0..<count).map { "\(folder)/fresh-\($0)" }
        let rows = min(count, ProcessInfo.processInfo.activeProcessorCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for row in 0..<rows {
                let part = stride(from: row, to: files.count, by: rows).map { files[$0] }
                group.addTask { try await runKeygen(part) }
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

    private static func runKeygen(_ files: [String]) async throws {
        let text = #"for file; do ssh-keygen -q -t ed25519 -N "" -C cluster-fixture -f "$file" || exit; done"#
        let output = try await Command("sh", ["-c", text, "keys"] + files).output()
        guard output.succeeded else {
            throw ClusterError(.provisioningFailed, "ssh-keygen could not make the keys: \(output.complaint)")
        }
    }

    init(publicKey: String, privateKey: String) {
        self.publicKey = publicKey
        self.privateKey = privateKey
    }
}

extension KeyText {
    /// Writes a pair in OpenSSH's formats: RFC 4253, 6.6 and RFC 8709 for the public key, OpenSSH's PROTOCOL.key for the
    /// private one.
    ///
    /// - Parameters:
    ///   - seed: The private key (RFC 8032): 32 bytes.
    ///   - point: The public key: 32 bytes.
    ///   - check: Any number; it stands there twice, to tell a wrong passphrase where there is one.
    init(seed: [UInt8], point: [UInt8], check: UInt32) {
        let name = "ssh-ed25519"
        var blob = Wire()
        blob.add(name)
        blob.add(point)
        var section = Wire()
        for _ in 0..<2 { section.add(check) }
        section.add(name)
        section.add(point)
        section.add(seed + point)
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
    }
}
