import Foundation

/// Where a cluster's nodes run.
public struct BackendChoice: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: Hashable {
        case automatic
        case docker(host: String?)
        case custom(String)
    }

    private let kind: Kind
    private let make: @Sendable () -> any Backend

    /// Takes what this machine has: a Docker-compatible engine that answers, or fails saying what is missing.
    ///
    /// `CLUSTER_FIXTURE_BACKEND=docker` makes the choice from outside.
    public static let automatic = BackendChoice(kind: .automatic) { DockerBackend(DockerEngine()) }

    /// A Docker-compatible engine, the one that the `docker` command would use.
    ///
    /// `CLUSTER_FIXTURE_DOCKER` names another command, such as `podman`.
    public static let docker = docker(host: nil)

    /// A Docker-compatible engine on this machine, named as in `DOCKER_HOST`, such as `unix:///run/docker.sock`.
    public static func docker(host: String?) -> BackendChoice {
        BackendChoice(kind: .docker(host: host)) { DockerBackend(DockerEngine(host: host)) }
    }

    /// A backend of the caller's own; `name` tells it from others.
    package static func custom(_ name: String, _ make: @escaping @Sendable () -> any Backend) -> BackendChoice {
        BackendChoice(kind: .custom(name), make: make)
    }

    /// The choice's name.
    public var description: String {
        switch kind {
        case .automatic: "automatic"
        case .docker(nil): "docker"
        case .docker(let host?): "docker at \(host)"
        case .custom(let name): name
        }
    }

    /// Two choices are equal if they name the same place.
    public static func == (left: Self, right: Self) -> Bool { left.kind == right.kind }

    /// Hashes what makes choices equal.
    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }
}

extension BackendChoice {
    /// Returns the backend if it can run here, and says once per process which one it is.
    package func resolve() async throws -> any Backend {
        let backend = try overridden().make()
        switch await backend.availability() {
        case .available(let description):
            if Self.said.withLock({ $0.insert(description).inserted }) { Progress.say("using \(description)") }
            return backend
        case .unavailable(let reason, let remedy):
            throw ClusterError(
                .backendUnavailable, "The \(backend.name) backend can't run here: \(reason)", remedy: remedy)
        }
    }

    private func overridden() throws -> BackendChoice {
        guard kind == .automatic, let wanted = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_BACKEND"],
            !wanted.isEmpty, wanted != "automatic"
        else { return self }
        guard wanted == "docker" else {
            throw ClusterError(
                .invalidConfiguration, "CLUSTER_FIXTURE_BACKEND is \"\(wanted)\", which is no backend.",
                remedy: "Use docker or automatic.")
        }
        return .docker
    }

    private static let said = Locked<Set<String>>([])
}
