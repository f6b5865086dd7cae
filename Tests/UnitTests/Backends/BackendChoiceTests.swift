import ClusterEmulation
import Testing

/// Which backends a choice tries, in which order.
@Suite struct BackendChoiceTests {
    #if os(Linux)
    private static let local = ["docker", "namespaces"]
    #else
    private static let local = ["docker"]
    #endif

    private func tried(_ choice: BackendChoice, _ environment: [String: String]) throws -> [String] {
        try choice.candidates(environment).map(\.name)
    }

    /// Other people's machines are nobody's by chance.
    @Test(arguments: [
        [:], ["CLUSTER_FIXTURE_BACKEND": ""], ["CLUSTER_FIXTURE_BACKEND": "automatic"],
        ["CLUSTER_FIXTURE_BACKEND": "automatic", "CLUSTER_FIXTURE_HOSTS": ""],
        ["CLUSTER_FIXTURE_SWARM": "manager"], ["DOCKER_HOST": "ssh://root@manager"],
    ])
    func theAutomaticOneTriesWhatThisMachineHasAlone(environment: [String: String]) throws {
        #expect(try tried(.automatic, environment) == Self.local)
    }

    @Test(arguments: [[:], ["CLUSTER_FIXTURE_BACKEND": ""], ["CLUSTER_FIXTURE_BACKEND": "automatic"]])
    func aFileOfHostsIsTakenAlone(environment: [String: String]) throws {
        let variables = environment.merging(["CLUSTER_FIXTURE_HOSTS": "/nowhere/hosts.yaml"]) { $1 }
        #expect(try tried(.automatic, variables) == ["hosts"])
    }

    @Test(arguments: BackendChoice.known) func aNameIsTakenAlone(choice: BackendChoice) throws {
        let environment = [
            "CLUSTER_FIXTURE_BACKEND": "\(choice)", "CLUSTER_FIXTURE_HOSTS": "/nowhere/hosts.yaml",
            "CLUSTER_FIXTURE_SWARM": "manager",
        ]
        #expect(try tried(.automatic, environment) == ["\(choice)"])
    }

    @Test(arguments: BackendChoice.known) func aFixturesOwnChoiceHeedsNoVariable(choice: BackendChoice) throws {
        for other in BackendChoice.known {
            let environment = ["CLUSTER_FIXTURE_BACKEND": "\(other)", "CLUSTER_FIXTURE_HOSTS": "/nowhere/hosts.yaml"]
            #expect(try tried(choice, environment) == ["\(choice)"])
        }
    }

    @Test(arguments: ["dokcer", "Docker", "swarm,docker", "none"]) func aNameOfNoneIsRefused(name: String) throws {
        let error = try #require(throws: ClusterError.self) {
            try tried(.automatic, ["CLUSTER_FIXTURE_BACKEND": name])
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("\"\(name)\", which is not a backend"), "\(error)")
        for choice in BackendChoice.known { #expect(error.remedy.contains("\(choice)")) }
    }
}
