import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Programs that run on several nodes at once, and reach the others by SSH themselves.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(10)))
struct ParallelProgramsTests {
    @Test(.requiresOutside, arguments: try await BackendUnderTest.usable())
    func mpirunStartsAProcessOnEveryNode(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, backend: backend.choice, configure: { $0.outside = true }) { cluster in
            let install = "apt-get update && apt-get install -y --no-install-recommends openmpi-bin"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in cluster.nodes {
                    group.addTask { try await node.run(install, as: .root, timeout: .seconds(300)).requireSuccess() }
                }
                try await group.waitForAll()
            }
            let hosts = try cluster.inventory.text(.hostfile)
            try await cluster[0].run("cat >hosts", standardInput: hosts).requireSuccess()
            let output = try await cluster[0].run(
                "mpirun --hostfile hosts --map-by node -np 3 sh -c 'echo $OMPI_COMM_WORLD_RANK $(hostname)'",
                timeout: .seconds(60))
            #expect(output.lines.sorted() == ["0 node1", "1 node2", "2 node3"], "\(output.standardError)")
        }
    }

    /// Dask's own two ways to start workers by SSH.
    @Test(
        .enabled("an ordinary user's Dask layer is made in the example") { geteuid() == 0 },
        arguments: try await BackendUnderTest.usable())
    func daskSSHAndSSHClusterStartWorkersOnEveryNode(backend: BackendUnderTest) async throws {
        try await withCluster(nodes: 3, image: .dask, backend: backend.choice) { cluster in
            let first = cluster[0]
            try await first.run("cat >hosts", standardInput: cluster.inventory.text(.hostfile)).requireSuccess()
            let daskSSH = try await first.run(
                """
                dask ssh --hostfile hosts --ssh-private-key ~/.ssh/id_ed25519 >dask-ssh.log 2>&1 & starter=$!
                timeout 90 python3 - <<'EOF' || cat dask-ssh.log
                import time
                from distributed import Client
                client = Client("node1:8786", timeout=60)
                client.wait_for_workers(3, timeout=60)
                print(*sorted(set(client.run(lambda: __import__("socket").gethostname()).values())))
                EOF
                kill $starter
                """, timeout: .seconds(150))
            #expect(daskSSH.standardOutput == "node1 node2 node3\n", "\(daskSSH.standardError)")
        }
        try await withCluster(nodes: 3, image: .dask, backend: backend.choice) { cluster in
            let sshCluster = try await cluster[0].run(
                """
                cat >start.py <<'EOF'
                import socket
                from distributed import Client, SSHCluster
                if __name__ == "__main__":
                    with SSHCluster(["node1", "node1", "node2", "node3"]) as cluster, Client(cluster) as client:
                        client.wait_for_workers(3, timeout=60)
                        print(*sorted(set(client.run(socket.gethostname).values())))
                EOF
                python3 start.py
                """, timeout: .seconds(150))
            #expect(sshCluster.lines.last == "node1 node2 node3", "\(sshCluster.standardError)")
        }
    }
}
