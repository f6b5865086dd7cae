import ClusterEmulation
import FixtureTestSupport
import Testing

extension ServersTests {
    /// A service as the documentation's second example has it: the first is in ``RolesTests``.
    @Suite struct OwnServicesTests {
        struct Redis: Service {
            let name = "redis"

            // All of these tests stand on one image.
            func image(_ image: NodeImage) -> NodeImage { .servers }

            func plan(for layout: ClusterLayout) throws -> ServicePlan {
                let settings = "bind *\nprotected-mode no\ndaemonize yes\nlogfile /var/log/redis/redis.log\n"
                return ServicePlan(
                    on: layout.computeNodes.map(\.name), files: [ServiceFile("/etc/redis/cluster.conf", settings)],
                    logs: ["/var/log/redis/redis.log"], openPorts: [6379...6379])
            }

            func start(on nodes: ServiceNodes) async throws {
                try await nodes.onEach { node in
                    try await nodes.run(["redis-server", "/etc/redis/cluster.conf"], on: node).requireSuccess()
                }
            }

            func prove(on nodes: ServiceNodes) async throws {
                try await nodes.onEach { node in
                    try await nodes.run("until redis-cli ping; do sleep 0.01; done", on: node).requireSuccess()
                }
            }
        }

        /// A service that keeps numbers in the other's store, and so comes after it.
        struct Counter: Service {
            let name = "counter"
            let dependencies = ["redis"]

            func image(_ image: NodeImage) -> NodeImage { .servers }

            func plan(for layout: ClusterLayout) throws -> ServicePlan { ServicePlan(on: [layout.login.name]) }

            func start(on nodes: ServiceNodes) async throws {
                try await nodes.run(["redis-cli", "-h", "compute1", "incr", "starts"], on: "login1").requireSuccess()
            }
        }

        /// The site lets nothing through but SSH and what services need.
        @Test(arguments: try await BackendUnderTest.usable())
        func aServiceIsStartedAfterThoseThatItDependsOn(backend: BackendUnderTest) async throws {
            let configuration = ClusterConfiguration(
                roles: [.login, .compute(2)], services: [Counter(), Redis()], site: Site(firewall: [22]),
                backend: backend.choice)
            try await withCluster(configuration) { cluster in
                let told = try await cluster["compute2"].run("redis-cli -h compute1 get starts")
                #expect(told.standardOutput == "1\n", "\(told)")
            }
        }
    }
}
