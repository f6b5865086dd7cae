import ClusterEmulation
import Testing

/// What is refused before anything starts, and what a plan makes of roles and services.
@Suite struct PlannedServicesTests {
    /// A service that can be told to be anything.
    private struct Thing: Service {
        var name = "thing"
        var dependencies: [String] = []
        var places: [Placement] = [.all]
        var files: [ServiceFile] = []
        var endpoints: [ServiceEndpoint] = []
        var packages: [String] = []

        func image(_ image: NodeImage) -> NodeImage { image.adding(packages: packages) }

        func plan(for layout: ClusterLayout) throws -> ServicePlan {
            ServicePlan(
                on: try places.flatMap { try layout.nodes($0) }.map(\.name), files: files, endpoints: endpoints)
        }

        func start(on nodes: ServiceNodes) async throws {}
    }

    private func complaint(_ services: [any Service], roles: [NodeRole] = [.login, .compute(2)]) -> String {
        do {
            _ = try ClusterPlan(ClusterConfiguration(roles: roles, services: services, name: "lab"))
            return ""
        } catch {
            #expect((error as? ClusterError)?.code == .invalidConfiguration)
            return "\(error)"
        }
    }

    @Test func aCircleOfServicesIsRefused() {
        let circle = [
            Thing(name: "a", dependencies: ["b"]), Thing(name: "b", dependencies: ["c"]),
            Thing(name: "c", dependencies: ["b"]),
        ]
        #expect(complaint(circle) == "The services b → c → b depend on each other in a circle.")
        #expect(
            complaint([Thing(dependencies: ["thing"])])
                == "The services thing → thing depend on each other in a circle.")
    }

    @Test func servicesThatBringTheSameProgramsAreRefused() {
        let refusal =
            "The services slurm and grid-engine can't be in one cluster: they bring the same programs. Leave one of them out."
        #expect(complaint([.slurm(pbsCommands: true), .gridEngine()]) == refusal)
        #expect(complaint([.gridEngine(), .slurm(pbsCommands: true)]) == refusal)
        #expect(complaint([.slurm(), .gridEngine(), .htCondor()]) == "", "each has commands of its own")
    }

    @Test func servicesThatAreNotThereAreRefused() {
        #expect(
            complaint([Thing(dependencies: ["redis"])])
                == "Service thing depends on \"redis\", which is not among the cluster's services. Add it, or leave thing out."
        )
        #expect(complaint([Thing(), Thing()]) == "Two services are called thing.")
        #expect(complaint([Thing(name: "Big Thing")]).contains("\"Big Thing\""))
    }

    @Test func nodesThatAreNotThereAreRefused() {
        #expect(
            complaint([Thing(places: [.node("compute3")])])
                == "Service thing: In cluster lab there is no node \"compute3\". There are login1, compute1, compute2.")
        #expect(
            complaint([Thing(places: [.role("storage")])])
                == "Service thing: In cluster lab no node has the role \"storage\". There are compute, login.")
        #expect(complaint([Thing(endpoints: [ServiceEndpoint("page", on: "node9", port: 80)])]).contains("\"node9\""))
        #expect(complaint([Thing(places: [])]) == "Service thing runs on no node.")
    }

    @Test func aPortIsOfOneServiceOnly() {
        func web(_ name: String, port: Int = 80) -> Thing {
            Thing(name: name, endpoints: [ServiceEndpoint("page", on: "login1", port: port)])
        }
        #expect(complaint([web("a"), web("b")]) == "Port 80 of login1 can't be of both services a and b.")
        #expect(complaint([web("a", port: 22)]) == "Port 22 of login1 is sshd's, not service a's.")
        #expect(complaint([web("a", port: 70000)]).contains("70000"))
    }

    @Test(arguments: ["etc/x", "/", "/a/../b", "/a//b", "/a/\n"]) func pathsOfFilesAreAbsolute(path: String) {
        #expect(complaint([Thing(files: [ServiceFile(path, "x")])]).hasSuffix("write an absolute path."))
    }

    @Test func ownersOfFilesAreUsers() {
        #expect(complaint([Thing(files: [ServiceFile("/x", "", owner: "a; reboot")])]).contains("not a user's name"))
    }

    @Test func packagesThatCantBeAreRefused() {
        #expect(complaint([Thing(packages: ["no such package"])]).contains("\"no such package\""))
    }

    @Test(arguments: ["Login", "", "node2", "a-", "7up", "averyverylongname1"]) func rolesHaveNamesThatNodesCanHave(
        name: String
    ) {
        #expect(complaint([], roles: [NodeRole(name)]).contains("The role \"\(name)\""))
    }

    @Test func rolesAreRefusedThatCantBe() {
        #expect(
            complaint([], roles: [.compute(0)]) == "The role compute has 0 nodes: at least 1."
                || complaint([], roles: [.compute(0)]).contains("1000 nodes"))
        #expect(complaint([], roles: [.login, .login]) == "Two roles are called login.")
        #expect(complaint([], roles: [.compute(2, ports: [PublishedPort(80, on: 8080)])]).contains("2 nodes"))
        #expect(complaint([], roles: [.compute(2, limits: NodeLimits(processors: -1))]).contains("processors"))
        #expect(throws: ClusterError.self) {
            try ClusterPlan(ClusterConfiguration(nodes: 5, roles: [.login, .compute(3)]))
        }
    }

    @Test func nodesHaveWhatTheirRoleSaysAndTheirServicesNeed() throws {
        let thing = Thing(
            places: [.login], files: [ServiceFile("/srv/x", "x")],
            endpoints: [ServiceEndpoint("page", on: "login1", port: 8000)], packages: ["redis-server"])
        var configuration = ClusterConfiguration(
            roles: [.login(environment: ["A": "2"]), .compute(2, limits: NodeLimits(memory: 1 << 30), ports: [80])],
            services: [thing], environment: ["A": "1", "B": "1"], ports: [8787])
        configuration.limits.memory = 2 << 30
        let plan = try ClusterPlan(configuration)
        #expect(plan.nodeNames == ["login1", "compute1", "compute2"])
        #expect(plan.nodes.map(\.role) == ["login", "compute", "compute"])
        #expect(plan.nodes.map(\.limits.memory) == [2 << 30, 1 << 30, 1 << 30])
        #expect(plan.nodes.map { $0.ports.map(\.nodePort) } == [[8787, 8000], [8787, 80], [8787, 80]])
        #expect(plan.nodes.map { $0.environment["A"] } == ["2", "1", "1"])
        #expect(plan.nodes.map { $0.files.map(\.path) } == [["/srv/x"], [], []])
        #expect(plan.nodes.map(\.image) == [.node.adding(packages: ["redis-server"]), .node, .node])
    }

    @Test func placementsFindTheirNodes() throws {
        func names(_ roles: [NodeRole], _ placement: Placement) throws -> [String] {
            try ClusterPlan(ClusterConfiguration(nodes: roles.isEmpty ? 2 : 1, roles: roles)).layout.nodes(placement)
                .map(\.name)
        }
        #expect(try names([], .login) == ["node1"])
        #expect(try names([], .compute) == ["node1", "node2"])
        #expect(try names([.compute(2), .login], .login) == ["login1"])
        #expect(try names([.compute(2), .login], .compute) == ["compute1", "compute2"])
        #expect(try names([.login, NodeRole("gpu", 2)], .compute) == ["gpu1", "gpu2"])
        #expect(try names([.login, NodeRole("gpu", 2)], .role("gpu")) == ["gpu1", "gpu2"])
    }

    @Test(arguments: ["/etc", "/", "/tmp", "relative", "/a/../b", "/home/"]) func someFoldersCantBeShared(path: String)
    {
        #expect(complaint([.sharedFolder(path)]) != "")
    }

    @Test func foldersThatStayCantHaveKeys() {
        #expect(complaint([.sharedFolder("/home", from: "/tmp")]).contains("keys"))
        #expect(complaint([.sharedFolder("/shared", from: "/tmp/not there")]).contains("no such folder"))
        #expect(complaint([.sharedFolder("/shared"), .sharedFolder("/shared/b")]).contains("shared already"))
        #expect(complaint([.sharedFolder("/shared"), .sharedFolder("/scratch")]) == "")
    }

    @Test func configurationsWithTheSameServicesAreEqual() {
        let one = ClusterConfiguration(services: [Thing(), .sharedFolder("/home")])
        #expect(one == ClusterConfiguration(services: [Thing(), .sharedFolder("/home")]))
        #expect(one != ClusterConfiguration(services: [Thing(), .sharedFolder("/shared")]))
        #expect(one != ClusterConfiguration(services: [Thing(name: "other"), .sharedFolder("/home")]))
    }
}
