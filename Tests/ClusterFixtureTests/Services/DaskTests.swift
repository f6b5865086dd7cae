import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Dask as a service: programs find it, and it computes on the nodes within their limits.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(20))) struct DaskTests {
    /// Asks Dask, without being told where it is, who computes and with what.
    private static let question = """
        import json, socket
        from distributed import Client
        with Client() as client:
            hosts = client.run(socket.gethostname)
            workers = client.scheduler_info(n_workers=-1)["workers"]
            users = set(client.run(lambda: __import__("getpass").getuser()).values())
            squares = client.gather(client.map(lambda n: n * n, range(100)))
            print(json.dumps({
                "scheduler": client.scheduler.address, "total": sum(squares), "users": sorted(users),
                "workers": {hosts[a]: [w["name"], w["nthreads"], w["memory_limit"]] for a, w in workers.items()},
                "stages": sorted(set(client.run(lambda: __import__("os").environ.get("STAGE", "")).values())),
            }))
        """

    private struct Answer: Decodable {
        let scheduler: String
        let total: Int
        let users: [String]
        let workers: [String: [Word]]
        let stages: [String]
    }

    private enum Word: Decodable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case text(String)
        case number(Int)

        init(stringLiteral value: String) { self = .text(value) }
        init(integerLiteral value: Int) { self = .number(value) }
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func itComputesOnTheComputeNodesWithinTheirLimits(backend: BackendUnderTest) async throws {
        let limits = NodeLimits(processors: 1, memory: 1 << 30)
        var configuration = ClusterConfiguration(
            roles: [.login, .compute(2, limits: limits)], services: [.dask()], backend: backend.choice)
        configuration.environment = ["STAGE": "two words"]
        try await withCluster(configuration) { cluster in
            for asker in [cluster["login1"], cluster["compute2"]] {
                let asked = try await asker.run(["python3", "-c", Self.question], timeout: .seconds(120))
                let answer = try JSONDecoder().decode(
                    Answer.self, from: Data(try asked.requireSuccess().standardOutput.utf8))
                #expect(try answer.scheduler == cluster.dask.address)
                #expect(answer.total == 328_350)
                #expect(answer.users == ["ubuntu"])
                #expect(
                    answer.workers == [
                        "compute1": ["compute1", 1, 1_073_741_824], "compute2": ["compute2", 1, 1_073_741_824],
                    ])
                #expect(answer.stages == ["two words"])
            }
            // From here, by the published ports.
            let dashboard = try #require(URL(string: try cluster.dask.dashboard))
            #expect(dashboard.host() == "127.0.0.1")
            let (page, response) = try await URLSession.shared.data(from: dashboard)
            #expect((response as? HTTPURLResponse)?.statusCode == 200)
            #expect(String(decoding: page, as: UTF8.self).contains("<title>Dask Diagnostic UI</title>"))
            #expect(try cluster.dask.addressHere.wholeMatch(of: /tcp:\/\/127\.0\.0\.1:[0-9]+/) != nil)
            #expect(try cluster.dask.nodes.map(\.name) == ["login1", "compute1", "compute2"])
        }
    }

    /// Its nanny starts it again, on the same node.
    @Test(arguments: try await BackendUnderTest.usable())
    func aWorkerThatIsKilledComesBack(backend: BackendUnderTest) async throws {
        let numbers = """
            import os, sys
            from distributed import Client
            with Client() as client:
                number = sys.argv[1] if len(sys.argv) > 1 else ""
                while number == (sys.argv[1] if len(sys.argv) > 1 else ""):
                    client.wait_for_workers(2)
                    info = client.scheduler_info(n_workers=-1)["workers"]
                    there = [address for address, worker in info.items() if worker["name"] == "node2"]
                    found = client.run(os.getpid, workers=there, on_error="ignore")
                    number = str(found[there[0]]) if there and there[0] in found else number
                print(number)
            """
        try await withCluster(nodes: 2, services: [.dask()], backend: backend.choice) { cluster in
            func workerOfNode2(not old: [String] = []) async throws -> String {
                let told = try await cluster[0].run(["python3", "-c", numbers] + old, timeout: .seconds(120))
                return try told.requireSuccess().lines.last ?? ""
            }
            let killed = try await workerOfNode2()
            try await cluster["node2"].run(["kill", "-KILL", killed]).requireSuccess()
            #expect(try await workerOfNode2(not: [killed]) != killed)
        }
    }

    /// An image of somebody's own is not changed into another.
    @Test(.requiresDocker) func anImageWithoutDaskIsToldByItsName() async throws {
        let bare = try await DockerImages(engine: DockerEngine()).ensure(.node, timeline: Timeline())
        let error = await #expect(throws: ClusterError.self) {
            try await withCluster(image: .named(bare), services: [.dask()], backend: .docker) { _ in }
        }
        #expect(error?.code == .notReady)
        #expect(error?.node == "node1")
        let message = "stage start: there is no program dask in the node's image: .dask and .laserfarm have it."
        #expect(error?.message.hasSuffix(message) == true, "\(error as Any)")
    }
}
