import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A misspelt variable is refused before anything starts.
@Suite struct OwnVariablesTests {
    static let misspelt = [
        ("CLUSTER_FIXTURE_KEP", "KEEP"), ("CLUSTER_FIXTURE_KEPE", "KEEP"), ("CLUSTER_FIXTURE_BACKED", "BACKEND"),
        ("CLUSTER_FIXTURE_BAKCEND", "BACKEND"), ("CLUSTER_FIXTURE_DOKCER", "DOCKER"), ("CLUSTER_FIXTURE_SH", "SSH"),
        ("CLUSTER_FIXTURES_KEEP", "KEEP"), ("CLUSTERFIXTURE_LOGS", "LOGS"), ("cluster_fixture_keep", "KEEP"),
        ("CLUSTER_FIXTURE_SUBNET", "SUBNETS"), ("CLUSTER_FIXTURE_BRAKE", "BREAK"), ("CLUSTER_FIXTURE_LOG", "LOGS"),
    ]

    @Test(arguments: misspelt) func aNameThatIsNearlyOneIsRefused(name: String, meant: String) throws {
        let error = try #require(throws: ClusterError.self) { try OwnVariables.check([name: "x", "PATH": "/bin"]) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains(name) && error.remedy == "Did you mean CLUSTER_FIXTURE_\(meant)?", "\(error)")
    }

    @Test(arguments: [
        "CLUSTER_FIXTURE_OWN_TESTS", "CLUSTER_FIXTURE_SEED", "CLUSTER_FIXTURE_ENV_KEP", "CLUSTER_NAME", "KEEP",
        "CLUSTER_FIXTURE",
    ])
    func namesOfOthersAreTheirs(name: String) throws { try OwnVariables.check([name: "x"]) }

    @Test func knownOnesAreTaken() throws {
        for name in OwnVariables.known where !name.hasSuffix("SSH") && !name.hasSuffix("DOCKER") {
            try OwnVariables.check([name: "x"])
        }
        try OwnVariables.check(["CLUSTER_FIXTURE_DOCKER": "sh"])
        try OwnVariables.check(["CLUSTER_FIXTURE_DOCKER": "", "CLUSTER_FIXTURE_BACKEND": ""])
    }

    @Test func anEngineThatIsNoProgramIsRefusedUnlessNobodyAsksForIt() throws {
        for name in ["podmn", "/no/such/program", "/tmp"] {
            for backend in ["", "automatic", "docker"] {
                let error = try #require(throws: ClusterError.self) {
                    try OwnVariables.check(["CLUSTER_FIXTURE_DOCKER": name, "CLUSTER_FIXTURE_BACKEND": backend])
                }
                #expect(error.message.contains("CLUSTER_FIXTURE_DOCKER is \"\(name)\""), "\(error)")
            }
            try OwnVariables.check(["CLUSTER_FIXTURE_DOCKER": name, "CLUSTER_FIXTURE_BACKEND": "namespaces"])
        }
    }

    @Test func aFolderOfKeysThatIsNoneIsRefused() async throws {
        try await withTemporaryFolder { folder in
            for path in [folder, folder + "/missing"] {
                let error = try #require(throws: ClusterError.self) {
                    try OwnVariables.check(["CLUSTER_FIXTURE_SSH": path])
                }
                #expect(error.message.contains("CLUSTER_FIXTURE_SSH is \"\(path)\""), "\(error)")
            }
            try FileManager.default.createDirectory(atPath: folder + "/root", withIntermediateDirectories: false)
            try OwnVariables.check(["CLUSTER_FIXTURE_SSH": folder])
        }
    }

    /// As a user meets it: nothing is left, and nothing was run.
    @Test(arguments: [
        "CLUSTER_FIXTURE_KEPE": "failure", "CLUSTER_FIXTURE_DOCKER": "podmn", "CLUSTER_FIXTURE_SSH": "/no/such",
    ])
    func aMistakeIsToldBeforeAnythingStarts(name: String, value: String) async throws {
        try await withTemporaryFolder { folder in
            let environment = ["TMPDIR": folder, "CLUSTER_FIXTURE_BACKEND": "", name: value]
            let output = try await Command(
                CommandLineProgram.path, ["run", "--", "touch", folder + "/ran"], environment: environment
            ).output(limit: .seconds(20))
            #expect(output.exitCode == 64)
            #expect(output.standardError.contains(name), "\(output.standardError)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    /// What the sources read is known here: another variable would be refused, or its misspelling taken.
    @Test func allThatAreReadAreKnown() throws {
        var seen = Set<String>()
        for root in ["Sources", "scripts"] {
            let files = try #require(FileManager.default.enumerator(atPath: Checkout.path + "/" + root))
            for case let file as String in files where !file.hasSuffix(".h") {
                guard let text = try? Checkout.text(of: root + "/" + file) else { continue }
                for match in text.matches(of: /CLUSTER_FIXTURE_[A-Z][A-Z_]*/) { seen.insert(String(match.output)) }
            }
        }
        let unknown = seen.subtracting(OwnVariables.known).filter { !$0.hasPrefix("CLUSTER_FIXTURE_ENV_") }
        #expect(unknown.isEmpty)
        #expect(seen.isSuperset(of: ["CLUSTER_FIXTURE_KEEP", "CLUSTER_FIXTURE_SSH", "CLUSTER_FIXTURE_SPEAKER"]))
    }
}
