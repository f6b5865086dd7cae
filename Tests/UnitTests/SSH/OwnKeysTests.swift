import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct OwnKeysTests {
    /// A folder with `root/` and `mock_ubuntu/`, as `ssh/` of the package.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            for name in ["root", "mock_ubuntu"] {
                try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
                try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)/.gitkeep"))
            }
            try await body(folder)
        }
    }

    private func error(_ folder: String) async throws -> ClusterError {
        try await #require(throws: ClusterError.self) { _ = try await OwnKeys(folder: folder).pair(for: .root) }
    }

    @Test func anEmptyPlaceMeansFreshKeys() async throws {
        try await withFolder { folder in
            for place in [folder, folder + "/missing"] {
                for user in User.allCases {
                    let pair = try await OwnKeys(folder: place).pair(for: user)
                    #expect(pair == nil)
                }
            }
        }
    }

    @Test func aPairThatIsThereIsUsed() async throws {
        try await withFolder { folder in
            let made = try await KeyPair.generate(folder + "/mock_ubuntu/id_ed25519")
            #expect(try await OwnKeys(folder: folder).pair(for: .ubuntu) == made)
        }
    }

    @Test func aKeyThatOthersCanReadIsRefusedWithTheCommandThatMendsIt() async throws {
        try await withFolder { folder in
            let key = try await KeyPair.generate(folder + "/root/id_ed25519")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key.privateFile)
            let error = try await error(folder)
            #expect(error.code == .invalidConfiguration)
            #expect(error.description.contains("mode 644"))
            #expect(error.remedy.contains("chmod 600 \(key.privateFile)"))
        }
    }

    @Test func aFileThatIsNoKeyIsRefused() async throws {
        try await withFolder { folder in
            let file = folder + "/root/id_ed25519"
            try Workspace.write("hello", to: file)
            #expect(try await error(folder).message.contains("\(file) is not a private key"))
        }
    }

    @Test func aKeyWithAPassphraseIsRefused() async throws {
        try await withFolder { folder in
            let made = try await Command(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", folder + "/root/id_ed25519"]
            ).output()
            #expect(made.exitCode == 0)
            #expect(try await error(folder).message.contains("passphrase"))
        }
    }

    @Test(arguments: ["a\"b", "a\nb", "a\\b", "${HOME}"])
    func aPlaceThatNoSSHConfigCanNameIsRefused(name: String) async throws {
        try await withTemporaryFolder { temporary in
            let folder = temporary + "/" + name
            try FileManager.default.createDirectory(atPath: folder + "/root", withIntermediateDirectories: true)
            _ = try await KeyPair.generate(folder + "/root/id_ed25519")
            let error = try await error(folder)
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("can't be named in an ssh_config"))
        }
    }

    @Test func twoKeysAreOneTooMany() async throws {
        try await withFolder { folder in
            for name in ["a", "b"] { _ = try await KeyPair.generate(folder + "/root/" + name) }
            #expect(try await error(folder).message.contains("more than one private key (a, b)"))
        }
    }

    /// The checkout may be gone, and its path somebody else's.
    @Test func keysOfACheckoutAreUsedOnlyWhereNobodyElseCanHavePutThem() async throws {
        try await withTemporaryFolder { folder in
            let checkout = folder + "/checkout"
            try FileManager.default.createDirectory(
                atPath: checkout + "/ssh/root", withIntermediateDirectories: true)
            let made = try await KeyPair.generate(checkout + "/ssh/root/id_ed25519")
            #expect(try await OwnKeys(named: nil, checkout: checkout).pair(for: .root)?.publicKey == made.publicKey)
            for place in [folder, checkout, checkout + "/ssh", checkout + "/ssh/root"] {
                chmod(place, 0o777)
                let pair = try await OwnKeys(named: nil, checkout: checkout).pair(for: .root)
                #expect(pair == nil, "\(place) is open to all")
                // A folder that the user names is the user's own business.
                #expect(try await OwnKeys(named: checkout + "/ssh", checkout: "").pair(for: .root) == made)
                chmod(place, 0o755)
            }
            #expect(try await OwnKeys(named: nil, checkout: checkout).pair(for: .root)?.publicKey == made.publicKey)
        }
    }

    @Test(.enabled("only root can give files away") { geteuid() == 0 })
    func keysOfSomebodyElsesAreNotUsed() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/ssh/root", withIntermediateDirectories: true)
            _ = try await KeyPair.generate(folder + "/ssh/root/id_ed25519")
            chown(folder + "/ssh", 65534, 65534)
            let pair = try await OwnKeys(named: nil, checkout: folder).pair(for: .root)
            #expect(pair == nil)
        }
    }
}
