import Foundation

/// The variables of this process's environment that are this package's: a misspelt one would change nothing, and say nothing.
package enum OwnVariables {
    private static let prefix = "CLUSTER_FIXTURE_"

    /// What users set, and what the project's own tests and scripts are told.
    package static let known = [
        "BACKEND", "BREAK", "DOCKER", "HOSTS", "HOSTS_WAIT", "KEEP", "LOGS", "SSH", "SUBNETS", "SWARM",
        "SWARM_ADDRESS_LABEL", "SWARM_GATEWAY", "SWARM_MACHINES", "SWARM_REGISTRY",
        "ARTEFACTS", "FAULTS", "KILLS", "LISTS_ARE_FRESH", "REQUIRE_BACKENDS", "REQUIRE_CLIENTS", "SPEAKER",
        "TEST_DATA",
    ].map { prefix + $0 }

    /// Refuses names that are nearly those of variables, and values that name what is not there.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    package static func check(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        for name in environment.keys.sorted() {
            guard let meant = meant(by: name) else { continue }
            throw ClusterError(
                .invalidConfiguration, "ClusterFixture has no variable \(ClusterConfiguration.printable(name)).",
                remedy: "Did you mean \(meant)?")
        }
        try checkDocker(environment)
        if let folder = environment[prefix + "SSH"] { try OwnKeys.check(named: folder) }
    }

    /// Another backend would be taken in silence where this one was meant.
    private static func checkDocker(_ environment: [String: String]) throws {
        let (name, backend) = (prefix + "DOCKER", environment[prefix + "BACKEND"] ?? "")
        guard let command = environment[name], !command.isEmpty, ["", "automatic", "docker"].contains(backend),
            !ProgramPath.isThere(command)
        else { return }
        throw ClusterError(
            .invalidConfiguration,
            "\(name) is \"\(ClusterConfiguration.printable(command))\", which is not a program on this machine.",
            remedy: "Name the command of a Docker-compatible engine, such as podman, or unset the variable.")
    }

    /// The variable that a name was most likely meant to be; nil if it is one, or nothing like one.
    package static func meant(by name: String) -> String? {
        let upper = name.uppercased()
        guard !known.contains(name), !name.hasPrefix(prefix + "ENV_"), upper.hasPrefix("CLUSTER") else { return nil }
        if known.contains(upper) { return upper }
        return known.filter { isNear(upper, $0) }.min {
            ClusterCatalog.distance($0, upper) < ClusterCatalog.distance($1, upper)
        }
    }

    /// One character more, less or other; two in a long name; or two that have changed places.
    private static func isNear(_ name: String, _ known: String) -> Bool {
        let most = known.count - prefix.count > 5 ? 2 : 1
        let distance = ClusterCatalog.distance(known, name)
        return distance <= most || distance == 2 && name.sorted() == known.sorted()
    }
}
