extension DockerBackend {
    /// Removes what is the cluster's, several times over a few seconds: an engine goes on with what it was asked for after
    /// the asker has died, so a container may appear late, perhaps never to be started.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? {
        func line(_ words: [String]) -> String { words.map(shellQuoted).joined(separator: " ") }
        let text = """
            for pause in 0 0.3 0.7 1 2; do
                sleep $pause
                containers=$("$@" \(line(DockerArguments.containers(of: cluster))))
                [ -z "$containers" ] || "$@" rm -fv $containers
                networks=$("$@" \(line(DockerArguments.networks(of: cluster))))
                [ -z "$networks" ] || "$@" network rm $networks
            done
            """
        let docker = engine.command([])
        return ReapingScript(text, arguments: [docker.program] + docker.arguments)
    }
}
