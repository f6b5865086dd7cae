import Foundation

/// A Docker-compatible engine, spoken to through its command line.
///
/// The engine is the cost, not the client: the command line and the raw API tie. So contexts, `ssh://` and TLS
/// endpoints, Podman and registry logins come without a line of code.
package struct DockerEngine: Sendable, Hashable {
    /// The command: `docker`, or what `CLUSTER_FIXTURE_DOCKER` names.
    package let command: String
    /// The engine's address as in `DOCKER_HOST`; nil leaves it to the command.
    package let host: String?
    /// The name of the context that leads to the engine, in the place of an address.
    package let context: String?
    /// The machine of a Swarm whose engine it is: then only what is the Swarm's clusters' is of interest, and this machine's folders are not
    /// the engine's.
    package let machine: String?
    /// How long the engine may take to answer one request.
    package let patience: Duration
    /// Whether it is reached by SSH, so that each command logs in anew.
    private var isBySSH = false

    /// An engine; what is nil is left to the command and the environment.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - host: The engine's address.
    ///   - context: The context that leads to it.
    ///   - endpoint: Where the context leads to, if that is known.
    ///   - machine: The machine of a Swarm whose engine it is.
    ///   - patience: How long it may take to answer one request.
    package init(
        command: String? = nil, host: String? = nil, context: String? = nil, endpoint: String? = nil,
        machine: String? = nil, patience: Duration = .seconds(60)
    ) {
        self.command = command ?? Self.variable("CLUSTER_FIXTURE_DOCKER") ?? "docker"
        self.host = host
        self.context = context
        self.machine = machine
        self.patience = patience
        isBySSH = (endpoint ?? address)?.hasPrefix("ssh://") ?? false
    }

    package func command(_ arguments: [String]) -> Command { Command(command, way(to: host) + arguments) }

    /// The command as a person types it who has not the environment of this process.
    package var typed: String { Command(command, way(to: address)).line }

    private func way(to address: String?) -> [String] {
        context.map { ["--context", $0] } ?? address.map { ["--host", $0] } ?? []
    }

    /// Asks the engine something. A refusal is a result.
    ///
    /// - Throws: ``ClusterError`` with the code `timedOut` if the engine doesn't answer in time.
    package func ask(_ arguments: [String], within limit: Duration? = nil) async throws -> CommandOutput {
        do {
            return try await loggedIn { try await command(arguments).output(limit: limit ?? patience) }
        } catch let error as ClusterError where error.code == .timedOut {
            throw ClusterError(
                .timedOut,
                "The \(command) engine did not answer `\(command) \(arguments.first ?? "")` within \((limit ?? patience).inSeconds).",
                remedy: "See whether `\(command) ps` answers, and restart the engine if it doesn't.")
        }
    }

    private func loggedIn<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async throws -> Answer {
        guard isBySSH else { return try await body() }
        let place = way(to: address).joined(separator: " ")
        let gate = Self.logins.withLock { logins in
            let gate = logins[place] ?? Gate(places: Self.loginsAtOnce)
            logins[place] = gate
            return gate
        }
        return try await gate.pass(body)
    }

    private static let logins = Locked<[String: Gate]>([:])
    /// A server refuses some of those who have not logged in yet if there are more than ten: `MaxStartups` in sshd_config(5).
    private static let loginsAtOnce = 6

    /// Has the engine change something. Once begun it is seen through, even if the task is cancelled: a request that
    /// is dropped half-way may still be carried out after everything was taken away.
    ///
    /// - Throws: ``ClusterError`` about `node`, with `failure` as the sentence, if the engine refuses or doesn't answer.
    @discardableResult
    package func change(_ arguments: [String], node: String? = nil, else failure: String) async throws -> String {
        let output = try await uncancelled { try await ask(arguments) }
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed, ClusterError.sentence("\(failure): \(Self.cause(output.complaint))"), node: node)
        }
        return output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Asks the engine something, and requires an answer.
    ///
    /// - Returns: The lines of the answer that are not empty.
    /// - Throws: ``ClusterError`` if the engine refuses or doesn't answer in time.
    func lines(_ arguments: [String]) async throws -> [String] {
        let output = try await ask(arguments)
        guard output.succeeded else {
            throw ClusterError(
                .provisioningFailed, "`\(command) \(arguments.first ?? "")` failed: \(Self.cause(output.complaint))")
        }
        return output.lines
    }

    /// The engine's own words for what went wrong, without the client's wrapping around them.
    static func cause(_ complaint: String) -> String {
        let lines = complaint.split(separator: "\n").filter {
            !$0.hasPrefix("See '") && !$0.contains("Run 'docker run --help'")
        }
        return lines.joined(separator: " ")
            .replacingOccurrences(of: "docker: Error response from daemon: ", with: "")
            .replacingOccurrences(of: "Error response from daemon: ", with: "")
            .trimmingCharacters(in: CharacterSet.whitespaces)
    }
}

extension DockerEngine {
    /// The socket at which the engine would be, if that is sure and there is none. So the command need not be asked, which
    /// takes it longer than all else that a cluster's start has to find out.
    var missingSocket: String? {
        guard let socket, access(socket, F_OK) != 0, errno == ENOENT else { return nil }
        // Podman has a link there, and a command `docker` that needs no socket.
        let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: socket)) != nil
        return isLink ? nil : socket
    }

    /// Nil if it takes the command itself to know it: another make's, or one that has contexts.
    private var socket: String? {
        let unix = "unix://"
        guard (command as NSString).lastPathComponent == "docker", context == nil else { return nil }
        guard host != nil || Self.variable("DOCKER_CONTEXT") == nil else { return nil }
        if let address { return address.hasPrefix(unix) ? String(address.dropFirst(unix.count)) : nil }
        let folder = Self.variable("DOCKER_CONFIG") ?? NSHomeDirectory() + "/.docker"
        return FileManager.default.fileExists(atPath: folder + "/config.json") ? nil : "/var/run/docker.sock"
    }

    /// The engine's address where it is said.
    private var address: String? { context == nil ? host ?? Self.variable("DOCKER_HOST") : nil }

    /// As Docker's command has it, a variable that is empty says nothing.
    private static func variable(_ name: String) -> String? {
        let text = ProcessInfo.processInfo.environment[name] ?? ""
        return text.isEmpty ? nil : text
    }

    /// Whether the engine answers. An engine that has answered once in this process is taken to be there.
    package func availability() async -> Availability {
        if let known = Self.known.withLock({ $0[self] }) { return known }
        let answer = await askVersion()
        if case .available = answer { Self.known.withLock { $0[self] = answer } }
        return answer
    }

    private func askVersion() async -> Availability {
        let remedy = """
            Install and start a Docker-compatible engine (Debian and Ubuntu: `apt-get install docker.io`), let this user \
            use it, or name it by DOCKER_HOST.
            """
        if let socket = missingSocket, ProgramPath.findByName(command) != nil {
            return .unavailable(reason: "No engine answers: there is no socket \(socket).", remedy: remedy)
        }
        do {
            let output = try await ask(["version", "--format", "{{.Server.Version}}"], within: .seconds(10))
            guard output.succeeded else {
                let cause = Self.cause(output.complaint)
                // The engine is there: its socket is not for everybody.
                let isForbidden = cause.lowercased().contains("permission denied")
                return .unavailable(
                    reason: cause,
                    remedy: isForbidden
                        ? "Run `sudo usermod --append --groups docker \(NSUserName())` and log in again." : remedy)
            }
            let version = output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
            return .available("\(command) \(version)" + ((context ?? address).map { " (\($0))" } ?? ""))
        } catch let error as ClusterError {
            return .unavailable(reason: error.message, remedy: remedy)
        } catch {
            return .unavailable(reason: "the question was cancelled", remedy: "")
        }
    }

    private static let known = Locked<[DockerEngine: Availability]>([:])
}
