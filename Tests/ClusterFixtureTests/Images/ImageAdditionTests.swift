import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Layers that a recipe adds to an image.
@Suite(.timeLimit(.minutes(1))) struct ImageAdditionTests {
    @Test(arguments: ["", "two words", "-y", "$(id)", "Upper", "sudo-", "/etc/hosts", "a\nb", "jq="])
    func whatIsNoPackageIsRefusedBeforeAnythingStarts(name: String) async throws {
        try await expectRefusal(.node.adding(packages: ["jq", name]), "is not a name that a package can have")
    }

    @Test(arguments: ["jq", "g++", "libc6:i386", "python3-numpy=1:2.2.4+ds-1", "jq/trixie-updates"])
    func whatAptTakesIsAPackage(name: String) throws { try NodeImage.node.adding(packages: [name]).validate() }

    @Test func aFileThatIsMissingIsRefusedBeforeAnythingStarts() async throws {
        try await expectRefusal(.dask.adding(requirements: "/nowhere/requirements.txt"), "/nowhere/requirements.txt")
        try await expectRefusal(.node.adding(script: "no-such-script.sh"), "no-such-script.sh")
        // A folder is not a file, and a device would never end.
        try await expectRefusal(.node.adding(script: "/tmp"), "/tmp")
        try await expectRefusal(.node.adding(requirements: "/dev/zero"), "/dev/zero")
    }

    private func expectRefusal(_ image: NodeImage, _ part: String) async throws {
        let backend = FakeBackend(.give([]))
        let configuration = ClusterConfiguration(image: image, backend: backend.choice)
        let error = try await #require(throws: ClusterError.self) { try await Cluster.start(configuration) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(part), "\(error.message)")
        #expect(backend.seen.provisions == 0)
    }

    @Test func addingNothingChangesNothing() {
        #expect(NodeImage.node.adding() == .node)
        #expect(NodeImage.node.adding(packages: ["jq"]) != .node)
        #expect(
            "\(NodeImage.node.adding(packages: ["jq"]).adding(script: "/x/prepare.sh"))" == "node with jq, prepare.sh")
    }

    @Test func theLayerIsToldByContentAndNotByPlace() async throws {
        try await withTemporaryFolder { folder in
            func fingerprint(_ name: String, _ text: String) throws -> String {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                let image = NodeImage.node.adding(packages: ["jq"], script: "\(folder)/\(name)")
                return try #require(image.additions.first).context().fingerprint.text
            }
            let first = try fingerprint("one.sh", "echo 1\n")
            #expect(try fingerprint("two.sh", "echo 1\n") == first)
            #expect(try fingerprint("one.sh", "echo 2\n") != first)
        }
    }
}

/// The same layers, made and used for real.
@Suite(.requiresBackend, .timeLimit(.minutes(10)))
struct AddedLayersTests {
    /// PyPI's smallest package, with the hashes that the Dask node has for it.
    private static func requirement() throws -> String {
        let list = try String(contentsOfFile: Checkout.path + "/docker/requirements.txt", encoding: .utf8)
        return String(try #require(list.firstMatch(of: /six==1\.17\.0 \\\n( +--hash=\S+( \\)?\n)+/)).output.0)
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func packagesRequirementsAndAScriptAreOnEveryNode(backend: BackendUnderTest) async throws {
        try await withTemporaryFolder { folder in
            let (requirements, script) = (folder + "/requirements.txt", folder + "/prepare.sh")
            try Self.requirement().write(toFile: requirements, atomically: true, encoding: .utf8)
            // The script sees what was installed before it; the number makes it one that was never run.
            let number = Int.random(in: 0..<Int.max)
            // Packages may ask for the address of the machine that they are installed on. A service expects its folder below /run.
            try """
            set -e
            getent hosts "$(hostname)"
            id -un >/etc/prepared
            jq --version >>/etc/prepared
            echo \(number) >>/etc/prepared
            install -d -o ubuntu -m 2750 /run/prepared "/run/prepared/two words"

            """.write(toFile: script, atomically: true, encoding: .utf8)
            let image = NodeImage.node.adding(packages: ["jq"])
                .adding(requirements: requirements, script: script)
            let steps = Locked<[String]>([])
            func make() async throws -> [String] {
                try await backend.choice.resolve().prepare(
                    image,
                    timeline: Timeline(
                        Progress { step in
                            steps.withLock { $0.append(step) }
                        })
                ).parts
            }
            let made = try await make()
            #expect(steps.withLock { $0.contains { $0.contains("done once") } })
            steps.withLock { $0 = [] }
            #expect(try await make() == made)
            #expect(steps.withLock { $0.isEmpty })
            try await withCluster(nodes: 2, image: image, backend: backend.choice) { cluster in
                for node in cluster.nodes {
                    let prepared = try await node.run("cat /etc/prepared").standardOutput
                    #expect(prepared.hasPrefix("root\njq-1."))
                    #expect(prepared.hasSuffix("\n\(number)\n"))
                    let run = try await node.run("stat -c '%a %U %n' /run/prepared /run/prepared/*", as: .root)
                    #expect(
                        run.standardOutput == "2750 ubuntu /run/prepared\n2750 ubuntu /run/prepared/two words\n")
                    #expect(try await node.run("echo '{\"a\": 7}' | jq .a").standardOutput == "7\n")
                    let line = "import six; print(six.__version__, six.__file__)"
                    let found = try await node.run(["python3", "-c", line]).standardOutput
                    #expect(found.hasPrefix("1.17.0 /usr/local/"), "\(found)")
                    // What it was made with does not stay.
                    #expect(try await node.run("ls /opt/cluster-fixture/addition /run/provision").exitCode != 0)
                }
            }
            try await backend.removeImage(made)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aStepThatFailsIsToldWithItsLastLines(backend: BackendUnderTest) async throws {
        let image = NodeImage.node.adding(packages: ["no-such-package-of-debian"])
        let error = try await #require(throws: ClusterError.self) {
            try await withCluster(image: image, backend: backend.choice) { _ in }
        }
        #expect(error.code == .imageUnavailable)
        #expect(error.message.hasSuffix(": the image's release has no package no-such-package-of-debian."), "\(error)")
        #expect(error.log.contains("Unable to locate package no-such-package-of-debian"), "\(error)")
        #expect(error.remedy.hasPrefix("Correct the name"))
    }
}

extension BackendUnderTest {
    /// Removes what ``AddedLayersTests`` made on top of the node: its caches are for what is used again.
    fileprivate func removeImage(_ made: [String]) async throws {
        switch self {
        case .docker:
            let removal = try await DockerEngine().ask(["rmi", made[0]])
            #expect(removal.succeeded, "\(removal.complaint)")
        #if os(Linux)
        // Existing machines are made of nothing.
        case .hosts: break
        case .namespaces:
            let layer = try #require(made.first)
            try #require(layer.contains("/add-"))
            try await NamespaceImages(cache: nil).remove(layer)
            #expect(!FileManager.default.fileExists(atPath: layer))
        #endif
        case .swarm:
            let removal = try await SwarmMachines.engine("machine1").ask(["rmi", made[0]])
            #expect(removal.succeeded, "\(removal.complaint)")
        }
    }
}
