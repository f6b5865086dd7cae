import CScripts

extension DockerBackend {
    /// Removes what is the cluster's, several times over a few seconds: `CScripts/reap-docker.sh`.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? {
        func quoted(_ words: [String]) -> String { words.map(shellQuoted).joined(separator: " ") }
        let docker = engine.command([])
        return ReapingScript(
            String(cString: docker_reaping_script()),
            arguments: [
                quoted(DockerArguments.containersBeside(nodesOf: cluster)),
                quoted(DockerArguments.containers(of: cluster)), quoted(DockerArguments.networks(of: cluster)),
                quoted(DockerArguments.keptImages(of: cluster)), docker.program,
            ] + docker.arguments)
    }
}
