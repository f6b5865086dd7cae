import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Nodes that differ, services of a user's own, and what is told of them.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(3))) struct RolesTests {
    /// The example of the documentation.
    struct WebServer: Service {
        let name = "web"

        func plan(for layout: ClusterLayout) throws -> ServicePlan {
            let node = layout.login.name
            return ServicePlan(
                on: [node],
                files: [ServiceFile("/srv/index.html", "It works.\n", owner: "ubuntu")],
                endpoints: [ServiceEndpoint("page", on: node, port: 8000, scheme: "http", path: "/index.html")],
                logs: ["/var/log/web.log"])
        }

        func start(on nodes: ServiceNodes) async throws {
            try await nodes.onEach { node in
                let line = "cd /srv && setsid python3 -m http.server 8000 >/var/log/web.log 2>&1 &"
                try await nodes.run(line, on: node).requireSuccess()
            }
        }
    }

    /// An ordinary user may not make control groups, which limits are kept by.
    private static let hasLimits = geteuid() == 0

    @Test(arguments: try await BackendUnderTest.usable())
    func nodesAreAsTheirRolesSay(backend: BackendUnderTest) async throws {
        var configuration = ClusterConfiguration(
            roles: [
                .login(environment: ["WHERE": "the \"login\" node"]),
                .compute(
                    2, limits: Self.hasLimits ? NodeLimits(processors: 1, memory: 256 << 20) : nil, ports: [8787]),
            ],
            services: [WebServer()], backend: backend.choice, environment: ["WHERE": "anywhere", "WORD": "common"])
        if Self.hasLimits { configuration.limits.memory = 512 << 20 }
        try await withCluster(configuration) { cluster in
            #expect(cluster.nodes.map(\.name) == ["login1", "compute1", "compute2"])
            for node in cluster.nodes {
                let isLogin = node.name == "login1"
                let told = try await node.run("hostname; echo \"$WHERE $WORD\"")
                #expect(told.lines == [node.name, isLogin ? "the \"login\" node common" : "anywhere common"])
                #expect(node.publishedPorts.keys.sorted() == (isLogin ? [8000] : [8787]))
                if Self.hasLimits {
                    try await keepsToItsLimits(node, processors: isLogin ? nil : 1, memory: (isLogin ? 512 : 256) << 20)
                }
                for other in cluster.nodes {
                    #expect(try await node.run("ssh \(other.name) hostname").standardOutput == "\(other.name)\n")
                }
            }
            try await tellsOfItsRoles(cluster)
        }
    }

    private func keepsToItsLimits(_ node: Node, processors: Int?, memory: Int) async throws {
        let told = try await node.run(
            "nproc; cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max")
        if let processors { #expect(told.lines[0] == "\(processors)") }
        #expect(told.lines[1] == "\(memory)")
    }

    private func tellsOfItsRoles(_ cluster: Cluster) async throws {
        let web = try cluster.service(WebServer.self)
        #expect(web.nodes == [cluster["login1"]])
        let page = try await Command("curl", ["--silent", "--fail", web.address()]).output(limit: .seconds(10))
        #expect(page.standardOutput == "It works.\n", "\(page.complaint)")
        #expect(try await cluster["login1"].run("stat -c %U /srv/index.html").standardOutput == "ubuntu\n")
        #expect(throws: ClusterError.self) { try cluster.service(SharedFolder.self) }
        let inventory = cluster.inventory
        #expect(inventory.nodes.map(\.role) == ["login", "compute", "compute"])
        #expect(inventory.services.map(\.name) == ["web"])
        #expect(inventory.services[0].endpoints[0].url == (try web.address()))
        let ansible = try inventory.text(.ansible)
        #expect(ansible.contains("\n[login]\nlogin1\n"))
        #expect(ansible.contains("\n[compute]\ncompute1\ncompute2\n"))
        let variables = Dictionary(uniqueKeysWithValues: inventory.variables.map { ($0.name, $0.value) })
        #expect(variables["CLUSTER_ROLE_COMPUTE"] == "compute1 compute2")
        #expect(variables["CLUSTER_WEB_URL"] == (try web.address()))
        #expect(variables["CLUSTER_LOGIN1_IP"] == cluster[0].ip)
    }

    /// A service that can go wrong.
    struct Broken: Service {
        let name = "broken"
        var script = "echo it began >/var/log/broken.log"
        var proof = "true"
        var readyWithin = Duration.seconds(60)
        var owner = "root"

        func plan(for layout: ClusterLayout) throws -> ServicePlan {
            ServicePlan(
                on: layout.computeNodes.map(\.name), files: [ServiceFile("/srv/broken", "", owner: owner)],
                logs: ["/var/log/broken.log"])
        }

        func start(on nodes: ServiceNodes) async throws {
            try await nodes.onEach { node in try await nodes.run(script, on: node).requireSuccess() }
        }

        func prove(on nodes: ServiceNodes) async throws {
            try await nodes.onEach { node in try await nodes.run(proof, on: node).requireSuccess() }
        }
    }

    @Test(
        arguments: try await BackendUnderTest.usable(),
        [
            (Broken(script: "echo no licence >/var/log/broken.log; exit 3"), "stage start: ", "no licence"),
            (Broken(proof: "[ $(hostname) = compute1 ]"), "on compute2, stage ready: ", "it began"),
            // Enough for a busy machine to begin it.
            (Broken(proof: "sleep 100", readyWithin: .seconds(15)), "within 15 s, stage ready: ", "it began"),
        ])
    func aServiceThatDoesNotGetReadyIsToldOf(
        backend: BackendUnderTest, service: (Broken, message: String, log: String)
    ) async throws {
        let configuration = ClusterConfiguration(
            roles: [.login, .compute(2)], services: [WebServer(), service.0], backend: backend.choice,
            name: "broken-lab")
        let error = await #expect(throws: ClusterError.self) { try await withCluster(configuration) { _ in } }
        #expect(error?.code == .notReady)
        #expect(error?.message.hasPrefix("Service broken of cluster broken-lab was not ready on compute") == true)
        #expect(error?.message.contains(service.message) == true, "\(error?.message ?? "")")
        #expect(error?.log.contains(service.log) == true, "\(error?.log ?? "")")
        #expect(await ClusterCatalog.all().allSatisfy { $0.summary.name != "broken-lab" })
    }

    /// What the image has is known only when it is there.
    @Test(arguments: try await BackendUnderTest.usable())
    func aFileOfAUserWhoIsNotThereIsToldOf(backend: BackendUnderTest) async throws {
        let configuration = ClusterConfiguration(
            services: [Broken(owner: "nosuchuser")], backend: backend.choice, name: "no-user")
        let error = await #expect(throws: ClusterError.self) { try await withCluster(configuration) { _ in } }
        #expect("\(error.map { "\($0)" } ?? "")".contains("nosuchuser"))
        #expect(await ClusterCatalog.all().allSatisfy { $0.summary.name != "no-user" })
    }
}
