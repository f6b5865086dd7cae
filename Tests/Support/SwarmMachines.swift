package import ClusterEmulation
import Foundation
package import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where there is no private Swarm (`scripts/check-swarm`), whose machines can be switched off.
    package static var requiresPrivateSwarm: Self {
        .enabled("only scripts/check-swarm has machines to switch off") { SwarmMachines.folder != nil }
    }
}

/// The machines of the private Swarm: `scripts/private-swarm`.
package enum SwarmMachines {
    package static let names = ["machine1", "machine2", "machine3"]

    static var folder: String? {
        let text = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_SWARM_MACHINES"] ?? ""
        return text.isEmpty ? nil : text
    }

    private static func place(_ machine: String) throws -> String { try #require(folder) + "/\(machine)" }

    /// Cuts a machine's power. It stays off.
    package static func switchOff(_ machine: String) throws {
        let place = try place(machine)
        try Data().write(to: URL(fileURLWithPath: place + "/off"))
        let text = try String(contentsOfFile: place + "/pid", encoding: .utf8)
        let process = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        guard kill(process, SIGKILL) == 0 else { throw ClusterError(.commandFailed, "\(machine) is off already.") }
    }

    /// Switches a machine on again, and returns when the Swarm has it.
    package static func switchOn(_ machine: String, seenBy manager: String = "machine1") async throws {
        try FileManager.default.removeItem(atPath: try place(machine) + "/off")
        let words = ["node", "ls", "--filter", "name=\(machine)", "--format", "{{.Status}}"]
        for _ in 0..<600 {
            if try await engine(manager).ask(words).lines == ["Ready"],
                try await engine(machine).ask(["info", "--format", "{{.Swarm.LocalNodeState}}"]).lines == ["active"]
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ClusterError(.timedOut, "\(machine) did not come back.")
    }

    /// Runs a closure while what nodes say to each other does not get from machine to machine.
    package static func withoutVXLAN<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await dropping("udp dport 4789", body)
    }

    /// Runs a closure while this machine does not reach the ports of nodes that are on any but the first machine.
    package static func shut<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await dropping(
            "ip saddr 198.19.254.1 ip daddr { 198.19.254.12, 198.19.254.13 } tcp dport 20000-32000", body)
    }

    private static func dropping<Result>(_ what: String, _ body: () async throws -> Result) async throws -> Result {
        let rules = "table bridge cft { chain forward { type filter hook forward priority 0; \(what) drop; }; }"
        try await inSwitch(["nft", rules])
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        try await inSwitch(["nft", "delete table bridge cft"])
        return try result.get()
    }

    /// Runs a closure while a machine is refused at a port, wherever that is.
    package static func withoutWay<Result>(to port: Int, from machine: String, _ body: () async throws -> Result)
        async throws -> Result
    {
        func change(_ deed: String) async throws {
            let rule = ["iptables", deed, "OUTPUT", "--protocol", "tcp", "--dport", "\(port)", "--jump", "REJECT"]
            let output = try await command(rule, on: machine).output()
            guard output.succeeded else { throw ClusterError(.commandFailed, "\(machine): \(output.complaint)") }
        }
        try await change("--insert")
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        try await change("--delete")
        return try result.get()
    }

    /// Runs a program in the network in which the machines' cables are.
    private static func inSwitch(_ words: [String]) async throws {
        let output = try await Command("ip", ["netns", "exec", "cf-swarm"] + words).output()
        guard output.succeeded else { throw ClusterError(.commandFailed, "The switch: \(output.complaint)") }
    }

    /// A program that runs on a machine: with its mounts, its network and its name.
    package static func command(_ words: [String], on machine: String) throws -> Command {
        let process = try String(contentsOfFile: place(machine) + "/pid", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return Command("nsenter", ["--target", process, "--net", "--mount", "--uts"] + words)
    }

    package static func engine(_ machine: String) -> DockerEngine { DockerEngine(context: machine) }

    /// What there is of a cluster on some machines: containers, networks, services.
    package static func traces(of cluster: String, on machines: [String] = names) async throws -> [String] {
        var found: [String] = []
        for machine in machines {
            let engine = engine(machine)
            for words in [["ps", "--all", "--format", "{{.Names}}"], ["network", "ls", "--format", "{{.Name}}"]] {
                found += try await engine.ask(words).lines.map { "\(machine): \($0)" }
            }
        }
        found += try await engine(names[0]).ask(["service", "ls", "--format", "{{.Name}}"]).lines
        return found.filter { $0.contains(cluster) }
    }
}
