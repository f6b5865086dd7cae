import Foundation

extension DockerCluster: NodeSnapshots {
    /// What the node has of secrets stays out of the image: it is taken away for a moment, and put back.
    package func snapshot(_ node: String) async throws -> NodeImage {
        let state = try await state(of: node)
        guard state.isPaused || state.node != .running else {
            throw ClusterError(
                .invalidConfiguration, "\(node) runs: its files can't be kept while they change.", node: node,
                remedy: "Stop or pause it first.")
        }
        let tag = "cluster-fixture/snapshot:\(RandomDigits.hexadecimal(16))"
        let secrets = try await DockerSecrets(of: node, in: self)
        try await uncancelled {
            try await secrets.whileAway {
                try await engine.change(
                    ["commit", "--pause=false"] + Self.changes.flatMap { ["--change", $0] } + [container(node), tag],
                    node: node, else: "No image could be made of \(node)")
            }
        }
        return .named(tag)
    }

    /// The image is nobody's node: it has no labels of one, and begins by hand as any other.
    private static var changes: [String] {
        DockerLabel.allCases.map { "LABEL \($0.rawValue)=" } + ["CMD []"]
    }
}
