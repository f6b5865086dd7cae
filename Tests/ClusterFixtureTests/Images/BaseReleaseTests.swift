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
                #expect(error.code == .invalidConfiguration)
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
            try await isBrokenAndMended(node, cluster, hasClock: release.name != "bookworm")
        }
    }

    /// sshd and libfaketime are others there.
    private func isBrokenAndMended(_ node: Node, _ cluster: Cluster, hasClock: Bool) async throws {
        func login(_ line: String) async throws -> CommandOutput {
            try await Command("ssh", ["-F", cluster.sshConfigurationFile, "ubuntu@node1", line]).output(
                limit: .seconds(60))
        }
        let waits = "import threading, time; time.sleep(0.1); threading.Event().wait(0.1); print(time.time())"
        if !hasClock {
            let error = try await #require(throws: ClusterError.self) { try await node.setClock(offset: .seconds(60)) }
            #expect(error.code == .faultFailed && error.message.contains("libfaketime"), "\(error)")
        }
        for shift in hasClock ? [86400.0, -86400] : [] {
            try await node.setClock(offset: .seconds(shift))
            let before = Date().timeIntervalSince1970
            let own = try await login("timeout 30 python3 -c '\(waits)'")
            let shared = try await node.run(["timeout", "30", "python3", "-c", waits])
            for text in [own.standardOutput, shared.standardOutput] {
                let time = try #require(Double(text.trimmingCharacters(in: .newlines)), "\(own.complaint)")
                #expect(abs(time - before - shift) < 120)
            }
        }
        try await node.resetClock()
        #expect(try await login("date +%Y; env | grep -c FAKETIME").lines.last == "0")
        for fault in [SSHFault.loginsRefused, .connectionsDropped(afterBytes: 2000), .hostKeyChanged] {
            try await node.ssh.under(fault) {
                let refused = try await login("hostname")
                #expect(refused.exitCode == 255, "\(fault)")
            }
        }
        #expect(try await login("hostname").standardOutput == "node1\n")
    }
}
