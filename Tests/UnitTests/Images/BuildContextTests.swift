import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What images are made of travels inside the program, and is unpacked where nobody else can touch it.
@Suite struct BuildContextTests {
    private let small = BuildContext([
        .init(path: "docker/provision.sh", bytes: Array("#!/bin/sh\n".utf8), isExecutable: true),
        .init(path: "docker/ca-certificates/a.crt", bytes: Array("a".utf8)),
    ])

    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    /// A new file of `docker/` that the build needs has to be embedded as well.
    @Test func theProgramHoldsWhatTheCheckoutHolds() throws {
        let embedded = Dictionary(uniqueKeysWithValues: BuildContext.embedded.map { ($0.path, $0) })
        let docker = try FileManager.default.contentsOfDirectory(atPath: Checkout.path + "/docker")
        let unneeded: Set = ["ca-certificates", "requirements.in", "laserfarm.in", "network"]
        let expected = docker.filter { !unneeded.contains($0) }.map { "docker/" + $0 } + ["ssh/authorize-keys"]
        #expect(Set(embedded.keys) == Set(expected + ["docker/ca-certificates/.gitkeep"]))
        for name in expected {
            let path = Checkout.path + "/" + name
            let file = try #require(embedded[name])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(file.bytes), "\(name)")
            #expect(FileManager.default.isExecutableFile(atPath: path) == file.isExecutable, "\(name)")
        }
    }

    /// The same for what shapes the nodes' networks: a new file of the wire's has to be embedded as well.
    @Test func theProgramHoldsTheWholeWire() throws {
        let sources = Checkout.path + "/Sources/CNamespaces"
        let expected =
            try ["docker/network": "", "Sources/CNamespaces/wire": "wire/"].flatMap { folder, place in
                try FileManager.default.contentsOfDirectory(atPath: "\(Checkout.path)/\(folder)").map {
                    (place + $0, "\(Checkout.path)/\(folder)/\($0)")
                }
            } + [("netlink.c", sources + "/netlink.c"), ("netlink.h", sources + "/netlink.h")]
        #expect(BuildContext.network.files.map(\.path) == expected.map(\.0).sorted())
        for (name, path) in expected {
            let file = try #require(BuildContext.network.files.first { $0.path == name })
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(file.bytes), "\(name)")
            #expect(FileManager.default.isExecutableFile(atPath: path) == file.isExecutable, "\(name)")
        }
    }

    @Test func itIsUnpackedOnceForThisUserAlone() async throws {
        try await withTemporaryFolder { cache in
            let folder = try small.unpack(in: cache)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(try String(contentsOfFile: folder + "/docker/ca-certificates/a.crt", encoding: .utf8) == "a")
            #expect(FileManager.default.isExecutableFile(atPath: folder + "/docker/provision.sh"))
            #expect(try small.unpack(in: cache) == folder)
            let again = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(again[.systemFileNumber] as? Int == attributes[.systemFileNumber] as? Int)
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/contexts").count == 1)
        }
    }

    enum Tampering: CaseIterable { case otherContent, oneMore, oneLess, openToOthers, notExecutable, aLink, aFile }

    @Test(arguments: Tampering.allCases) func whatIsNotWhatTheProgramHoldsIsMadeAnew(tampering: Tampering) async throws
    {
        try await withTemporaryFolder { cache in
            let folder = try small.unpack(in: cache)
            let script = folder + "/docker/provision.sh"
            switch tampering {
            case .otherContent: try write("#!/bin/sh\nid\n", script)
            case .oneMore: try write("", folder + "/docker/more")
            case .oneLess: try FileManager.default.removeItem(atPath: script)
            case .openToOthers: chmod(folder, 0o777)
            case .notExecutable: chmod(script, 0o644)
            case .aLink:
                try FileManager.default.moveItem(atPath: folder, toPath: cache + "/elsewhere")
                try FileManager.default.createSymbolicLink(
                    atPath: folder, withDestinationPath: cache + "/elsewhere")
            case .aFile:
                try FileManager.default.removeItem(atPath: folder)
                try write("", folder)
            }
            #expect(try small.unpack(in: cache) == folder)
            #expect(try String(contentsOfFile: script, encoding: .utf8) == "#!/bin/sh\n")
            #expect(FileManager.default.isExecutableFile(atPath: script))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/docker").count == 2)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(attributes[.type] as? FileAttributeType == .typeDirectory)
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/contexts").count == 1)
        }
    }

    @Test func manyAtOnceUnpackOne() async throws {
        try await withTemporaryFolder { cache in
            let folders = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<16 { group.addTask { try small.unpack(in: cache) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(folders.count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: cache + "/contexts").count == 1)
        }
    }

    @Test func aCacheThatOthersMayWriteToIsRefusedWithTheCommandThatMendsIt() async throws {
        try await withTemporaryFolder { cache in
            chmod(cache, 0o777)
            let error = #expect(throws: ClusterError.self) { try small.unpack(in: cache) }
            #expect(error?.message.contains("others may write to \(cache) (mode 777)") == true, "\(error as Any)")
            #expect(error?.remedy.contains("chmod go-w \(cache)") == true)
        }
    }

    /// Where users have groups of their own, as on Ubuntu, folders are open to them (umask 002).
    @Test(.enabled("only root can give files away") { geteuid() == 0 })
    func aGroupOfTheUsersOwnMayWriteToTheCacheAndNoOther() async throws {
        try await withTemporaryFolder { cache in
            chmod(cache, 0o775)
            chown(cache, 0, 0)
            _ = try small.unpack(in: cache)
            chown(cache, 0, 65534)
            #expect(throws: ClusterError.self) { try small.unpack(in: cache) }
        }
    }

    @Test func aFileInTheCachesWayIsNamed() async throws {
        try await withTemporaryFolder { folder in
            try write("", folder + "/cache")
            let error = #expect(throws: ClusterError.self) { try small.unpack(in: folder + "/cache") }
            #expect(error?.message.contains("\(folder)/cache/contexts could not be written") == true, "\(error as Any)")
            #expect(error?.remedy.contains("XDG_CACHE_HOME") == true)
        }
    }

    @Test func anAuthorityIsTakenOverOnlyIfRootAloneCanChangeIt() async throws {
        try await withTemporaryFolder { folder in
            for name in ["good.crt", "open.crt", "note.txt"] { try write(name, folder + "/" + name) }
            chmod(folder + "/open.crt", 0o666)
            var said: [String] = []
            let files = CertificateAuthorities.ofThisMachine(in: folder, owner: geteuid()) { said.append($0) }
            #expect(files.map(\.path) == ["docker/ca-certificates/good.crt"])
            #expect(said.count == 1 && said[0].contains("\(folder)/open.crt"))
            let others = CertificateAuthorities.ofThisMachine(in: folder, owner: geteuid() + 1) { said.append($0) }
            #expect(others == [])
            #expect(BuildContext(files).fingerprint.text != BuildContext(others).fingerprint.text)
        }
    }
}
