import Foundation

/// The floor: N `sshd` processes on free ports of loopback, without any isolation. No cluster can be faster than that.
final class BareSSHD: Contender {
    let name = "bare sshd"
    private let workshop: Workshop
    private var servers: [pid_t] = []

    init(_ workshop: Workshop) { self.workshop = workshop }

    func whyNot() -> String? { SSHServer.whyNot }

    func setUp(nodes: Int) async throws -> Times {
        let endpoints = try Endpoint.free(nodes)
        let command = SSHServer.command(workshop)
        var stopwatch = Stopwatch()
        for endpoint in endpoints {
            let address = ["-p", "\(endpoint.port)", "-o", "ListenAddress=127.0.0.1"]
            servers.append(try Spawn.start(command + address))
        }
        try SSHClient(user: "root", key: workshop.key).reach(endpoints, &stopwatch)
        return stopwatch.times
    }

    func tearDown() async throws {
        for server in servers { kill(server, SIGKILL) }
        for server in servers { waitpid(server, nil, 0) }
        servers = []
    }
}
