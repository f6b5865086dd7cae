/// OpenSSH as one would use it by hand: one plain `ssh … true` per node.
struct SSHClient {
    let user: String
    let key: String

    /// Waits for the nodes' banners and proves that each runs a command, all in parallel; notes when each was done.
    func reach(_ endpoints: [Endpoint], _ stopwatch: inout Stopwatch) throws {
        try Banners.wait(for: endpoints)
        stopwatch.lap(.banners)
        _ = try Spawn.parallel(endpoints.map(command))
        stopwatch.lap(.ready)
    }

    private func command(_ endpoint: Endpoint) -> [String] {
        let options = [
            "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "BatchMode=yes",
            "LogLevel=ERROR",
        ]
        return ["ssh", "-F", "/dev/null", "-i", key] + options.flatMap { ["-o", $0] }
            + ["-p", "\(endpoint.port)", "\(user)@\(endpoint.host)", "true"]
    }
}
