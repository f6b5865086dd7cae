extension DockerBackend {
    /// Removes what bears the cluster's label, several times over a few seconds: an engine goes on with what it was
    /// asked for after the asker has died, so a container may appear late.
    package func reaping(_ cluster: ClusterPlan.ID) -> ReapingScript? {
        let text = """
            filter=$1; shift
            for pause in 0 0.3 0.7 1 2; do
                sleep $pause
                containers=$("$@" ps -aq --filter "$filter")
                [ -z "$containers" ] || "$@" rm -fv $containers
                networks=$("$@" network ls -q --filter "$filter")
                [ -z "$networks" ] || "$@" network rm $networks
            done
            """
        let docker = engine.command([])
        return ReapingScript(text, arguments: [DockerArguments.filter(cluster), docker.program] + docker.arguments)
    }
}
