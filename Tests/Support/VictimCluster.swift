package import ClusterEmulation
import Foundation

/// The clusters of the program `Victim`.
extension ClusterConfiguration {
    /// Three nodes: alike, or one to log in and two that compute, with Slurm and folders that they share. Root's have limits.
    package static func victim(
        _ name: String, services: Bool, backend: BackendChoice = .automatic
    ) -> ClusterConfiguration {
        ClusterConfiguration(
            nodes: services ? 1 : 3, roles: services ? [.login, .compute(2)] : [],
            services: services ? [.slurm(), .sharedFolder("/home"), .sharedFolder("/scratch", size: 8 << 20)] : [],
            backend: backend, name: name,
            limits: geteuid() == 0 && !isOnHosts ? NodeLimits(memory: 256 << 20) : .none)
    }

    private static var isOnHosts: Bool { ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_BACKEND"] == "hosts" }

    /// Makes what the nodes are made of. A process that is killed while it builds an image is another matter.
    package func prepareImages() async throws {
        let plan = try ClusterPlan(self)
        _ = try await PreparedImages(plan.nodes.map(\.image), by: backend.resolve(), timeline: Timeline(Progress()))
    }
}
