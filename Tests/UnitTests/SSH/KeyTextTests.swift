import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

@Suite struct KeyTextTests {
    private func whatSSHKeygenReads(_ text: KeyText, in folder: String) async throws -> CommandOutput {
        for name in ["key", "key.pub"] { unlink("\(folder)/\(name)") }
        let pair = try KeyPair(writing: text, to: folder + "/key")
        return try await Command("ssh-keygen", ["-y", "-P", "", "-f", pair.privateFile]).output()
    }

    /// The first test vector of RFC 8032, 7.1.
    @Test func aKnownPairIsWrittenAsOpenSSHReadsIt() async throws {
        let seed = Self.bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        let point = Self.bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        let text = KeyText(seed: seed, point: point, check: 7)
        try await withTemporaryFolder { folder in
            let read = try await whatSSHKeygenReads(text, in: folder)
            #expect(read.standardOutput == text.publicKey + " cluster-fixture\n", "\(read.standardError)")
            // The public half that ssh-keygen prints stands in the file; that it signs shows that the halves belong together.
            try "message".write(toFile: folder + "/message", atomically: true, encoding: .utf8)
            try "ada \(text.publicKey)\n".write(toFile: folder + "/signers", atomically: true, encoding: .utf8)
            let signing = ["-q", "-Y", "sign", "-f", folder + "/key", "-n", "test", folder + "/message"]
            #expect(try await Command("ssh-keygen", signing).output().succeeded)
            let checking = [
                "-Y", "verify", "-f", folder + "/signers", "-I", "ada", "-n", "test", "-s", folder + "/message.sig",
            ]
            #expect(try await Command("ssh-keygen", checking).output(input: Array("message".utf8)).succeeded)
        }
    }

    /// Numbers of every length: one in two hundred keys begins with a zero byte, one in two with a high bit.
    @Test(arguments: [(KeyKind.ed25519, 20), (.ecdsa, 300), (.rsa, 3)])
    func freshPairsDifferAndSSHKeygenReadsThem(kind: KeyKind, count: Int) async throws {
        try await withTemporaryFolder { folder in
            let made = try await KeyText.make(count, kind, in: folder)
            #expect(Set(made.map(\.publicKey)).count == count)
            for text in kind == .ecdsa ? made : [made[0]] {
                let read = try await whatSSHKeygenReads(text, in: folder)
                #expect(read.standardOutput == text.publicKey + " cluster-fixture\n", "\(read.standardError)")
            }
        }
    }

    @Test(arguments: KeyKind.allCases) func withoutTheLibrarySSHKeygenMakesThem(kind: KeyKind) async throws {
        try await withTemporaryFolder { folder in
            let made = try await KeyText.makeByProgram(5, kind, in: folder)
            #expect(Set(made.map(\.publicKey)).count == 5)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            let read = try await whatSSHKeygenReads(made[4], in: folder)
            #expect(read.standardOutput == made[4].publicKey + " cluster-fixture\n", "\(read.standardError)")
        }
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        stride(from: 0, to: hexadecimal.count, by: 2).compactMap {
            UInt8(hexadecimal.dropFirst($0).prefix(2), radix: 16)
        }
    }
}
