import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The bases that nodes may have beside the usual one.
@Suite struct BaseReleaseTests {
    @Test(arguments: [
        ("debian:bookworm", "debian", "bookworm"), ("debian:bookworm-slim", "debian", "bookworm"),
        ("debian:12", "debian", "bookworm"), ("debian:13-slim", "debian", "trixie"),
        ("debian:bullseye", "debian", "bullseye"), ("ubuntu:24.04", "ubuntu", "noble"),
        ("ubuntu:jammy", "ubuntu", "jammy"),
    ])
    func aNameIsRead(name: String, distribution: String, suite: String) throws {
        let release = try #require(BaseRelease(name))
        #expect(release.distribution == distribution)
        #expect(release.suite == suite)
    }

    @Test(arguments: [
        "", "debian", "debian:", "debian:sid", "debian:12@sha256:00", "ubuntu:24.04-slim", "fedora:40",
        "ubuntu:bookworm",
        "bookworm", "debian:bookworm:slim",
    ])
    func anotherNameIsNone(name: String) { #expect(BaseRelease(name) == nil) }

    @Test func theStandardBaseIsTheDockerfiles() {
        #expect(BaseRelease.standard == BaseRelease("debian:trixie-slim"))
    }

    #if os(Linux)
    @Test(arguments: [
        NodeImage.node(basedOn: "fedora:40"), .dask(basedOn: "debian:trixie@sha256:00"), .named("debian:trixie"),
    ])
    func namespacesRefuseAnImageThatOnlyAnEngineHasBeforeAnythingIsMade(image: NodeImage) async throws {
        try await withTemporaryFolder { folder in
            let cache = folder + "/cache"
            let backend = BackendChoice.custom("namespaces") { NamespacesBackend(cache: cache) }
            for start: @Sendable () async throws -> Void in [
                { _ = try await Cluster.start(ClusterConfiguration(image: image, backend: backend)) },
                { _ = try await NamespacesBackend(cache: cache).prepare(image, timeline: Timeline()) },
            ] {
                let error = try await #require(throws: ClusterError.self) { try await start() }
                #expect(error.code == .imageUnavailable)
                #expect(error.remedy.contains("docker backend"))
            }
            #expect(!FileManager.default.fileExists(atPath: cache))
        }
    }
    #endif
}

/// Nodes of other releases, for real. Their bases are made once, and stay in the caches.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(15)))
struct OtherReleaseTests {
    @Test(
        arguments: try await BackendUnderTest.usable(),
        [("bookworm", "OpenSSH_9.2", "Python 3.11"), ("bullseye", "OpenSSH_8.4", "Python 3.9")])
    func aNodeRunsAnotherRelease(backend: BackendUnderTest, release: (name: String, ssh: String, python: String))
        async throws
    {
        if backend == .docker {
            // Where no registry answers, the engine gets it from Debian's packages.
            let made = try await Command(Checkout.path + "/scripts/base-image", ["debian:\(release.name)-slim"])
                .output(limit: .seconds(600))
            try #require(made.succeeded, "\(made.complaint)")
        }
        let image = NodeImage.node(basedOn: "debian:\(release.name)-slim")
        try await withCluster(nodes: 2, image: image, backend: backend.choice) { cluster in
            let node = cluster[0]
            let said = try await node.run(". /etc/os-release; echo $VERSION_CODENAME; python --version; ssh -V 2>&1")
            #expect(said.standardOutput.hasPrefix("\(release.name)\n\(release.python)"), "\(said)")
            #expect(said.standardOutput.contains(release.ssh), "\(said)")
            #expect(try await node.run("ssh node2 hostname", as: .root).standardOutput == "node2\n")
            #expect(try await node.run("sudo -n true").exitCode == 1)
            try await node.upload(from: #filePath, to: "sent")
            #expect(try await node.run("test -s sent").exitCode == 0)
        }
    }
}
