package import ClusterEmulation
import Foundation
public import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where no Docker-compatible engine answers; fails instead where `CLUSTER_FIXTURE_REQUIRE_BACKENDS` names
    /// it.
    public static var requiresDocker: Self {
        .enabled("no Docker-compatible engine answers; `docker version` says why") {
            try await BackendUnderTest.docker.isUsable()
        }
    }

    #if os(Linux)
    /// Skips where Linux namespaces can't be used; fails instead where `CLUSTER_FIXTURE_REQUIRE_BACKENDS` names them.
    public static var requiresNamespaces: Self {
        .enabled("namespaces can't be used here; the reason is on standard error") {
            try await BackendUnderTest.namespaces.isUsable()
        }
    }
    #endif

    /// Skips where nodes without an engine can't be taken to the outside; fails instead where namespaces are required.
    public static var requiresOutside: Self {
        .enabled("slirp4netns can't be used here") {
            #if os(Linux)
            try BackendUnderTest.outsideIsUsable()
            #else
            true
            #endif
        }
    }

    /// Skips for an ordinary user, whom the kernel does not let give files away or mount.
    public static var requiresRoot: Self { .enabled("only root can do this") { geteuid() == 0 } }

    /// Skips where no backend at all can run here; fails instead where one is required.
    public static var requiresBackend: Self {
        .enabled("no backend can run here; each one's reason is on standard error") {
            try await !BackendUnderTest.usable().isEmpty
        }
    }
}

/// A backend that the conformance suite is run against.
///
/// `CLUSTER_FIXTURE_BACKEND` leaves one of them, as for clusters whose fixture leaves the choice open.
package enum BackendUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case docker
    #if os(Linux)
    case namespaces
    /// Nodes of other clusters, given as existing machines.
    case hosts
    #endif
    /// Only where CLUSTER_FIXTURE_BACKEND names it: no choice of a fixture's finds it by itself.
    case swarm

    package var choice: BackendChoice {
        switch self {
        case .docker: .docker
        #if os(Linux)
        case .namespaces: .namespaces
        case .hosts: .hosts(TestHosts.file)
        #endif
        case .swarm: .swarm
        }
    }

    /// What makes the same choice for a program.
    package var environment: [String: String] {
        var variables = ["CLUSTER_FIXTURE_BACKEND": rawValue]
        #if os(Linux)
        if self == .hosts { variables[HostsBackend.variable] = TestHosts.file }
        #endif
        return variables
    }

    /// The same choice for an exit test, which is a process of its own.
    package var handed: HandedBackend {
        #if os(Linux)
        HandedBackend(name: rawValue, hosts: self == .hosts ? TestHosts.file : nil)
        #else
        HandedBackend(name: rawValue, hosts: nil)
        #endif
    }

    /// What is left of a cluster on machines that live on.
    package func leases(of cluster: String) async throws -> [String] {
        #if os(Linux)
        if self == .hosts { return try await TestHosts.leases(of: cluster) }
        #endif
        return []
    }

    /// Whether its nodes are containers of an engine's.
    package var isAnEngine: Bool { self == .docker || self == .swarm }

    /// Whether its nodes are what a test needs.
    package func meets(_ needs: [ClusterNeed]) -> Bool {
        #if os(Linux)
        if self == .hosts { return needs.allSatisfy { $0 == .root } }
        #endif
        return self != .swarm || !needs.contains(.thisMachine)
    }

    package var testDescription: String { rawValue }

    /// Whether the backend can run here.
    ///
    /// - Throws: If it can't although it must.
    package func isUsable() async throws -> Bool { try await Self.answers.once(self) { try await self.ask() } }

    private func ask() async throws -> Bool {
        let wanted = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_BACKEND"] ?? ""
        let isMeant: Bool =
            switch rawValue {
            case wanted: true
            case "hosts": ["", "automatic", "namespaces"].contains(wanted)
            case "swarm": false
            default: ["", "automatic"].contains(wanted)
            }
        guard isMeant else {
            if self == .swarm { return false }
            Progress.say("skipping what needs \(rawValue): CLUSTER_FIXTURE_BACKEND is \(wanted)")
            return false
        }
        do {
            #if os(Linux)
            if self == .hosts {
                // Whoever requires namespaces requires what is made of them.
                guard try await Self.namespaces.isUsable() else { return false }
                try await TestHosts.start()
            }
            #endif
            _ = try await choice.resolve()
            return true
        } catch {
            return try refuse(error)
        }
    }

    /// What can't be had is a reason to skip a test, unless it has to be there.
    private func refuse(_ error: any Error) throws -> Bool {
        let variable = "CLUSTER_FIXTURE_REQUIRE_BACKENDS"
        let required = (ProcessInfo.processInfo.environment[variable] ?? "").split(separator: ",").map(String.init)
        // A misspelt name would require nothing.
        if let unknown = required.first(where: { Self(rawValue: $0) == nil }) {
            throw ClusterError(
                .invalidConfiguration, "\(variable) names \(unknown), which is not a backend here.",
                remedy: "Use \(Self.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        if required.contains(rawValue) || rawValue == "hosts" && required.contains("namespaces") { throw error }
        Progress.say("skipping what needs \(rawValue): \(error)")
        return false
    }

    #if os(Linux)
    package static func outsideIsUsable() throws -> Bool {
        do {
            _ = try Outside()
            return true
        } catch {
            return try namespaces.refuse(error)
        }
    }
    #endif

    private static let answers = Answers()

    /// The backends that can run here, without those whose nodes are not what a test needs: told once.
    ///
    /// - Parameter needs: What the test needs of its nodes; unless it says so, they are to be the cluster's own.
    /// - Returns: The backends.
    /// - Throws: If one can't that has to.
    package static func usable(needing needs: [ClusterNeed] = [.ownMachines]) async throws -> [BackendUnderTest] {
        var usable: [BackendUnderTest] = []
        for backend in allCases {
            if !backend.meets(needs) {
                let words =
                    "leaving \(backend.rawValue) out of tests that need \(needs.map(\.rawValue).joined(separator: ", "))"
                if told.withLock({ $0.insert(words).inserted }) { Progress.say(words) }
            } else if try await backend.isUsable() {
                usable.append(backend)
            }
        }
        return usable
    }

    private static let told = Locked<Set<String>>([])
}

/// A backend as it is handed to another process.
package struct HandedBackend: Codable, Sendable {
    fileprivate let name: String
    fileprivate let hosts: String?

    package var choice: BackendChoice {
        get throws { try hosts.map { .hosts($0) } ?? .named(name) }
    }
}

/// Each backend is asked once per process, and its reason told once.
private actor Answers {
    private var answers: [BackendUnderTest: Task<Bool, any Error>] = [:]

    func once(_ backend: BackendUnderTest, _ ask: @escaping @Sendable () async throws -> Bool) async throws -> Bool {
        let answer = answers[backend] ?? Task { try await ask() }
        answers[backend] = answer
        return try await answer.value
    }
}
