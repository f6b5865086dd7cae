import ClusterEmulation
import TerrainPipeline

/// A login node and three compute nodes with Slurm, a shared home and JupyterLab, and a pipeline that Slurm runs: what
/// `./demo hpc` runs.
func demonstrateMachineRoom() async throws {
    say("Starting a login node and three compute nodes with Slurm, JupyterLab and a shared home ...")
    var stopwatch = Stopwatch()
    let room = ClusterConfiguration(
        roles: [.login, .compute(3, limits: NodeLimits(processors: 2))], image: .dask,
        services: [.slurm(), .sharedFolder("/home"), .jupyterLab(on: .login)], name: "hpc")
    try await withCluster(room) { cluster in
        say("They are up, and Slurm has run its first job, after \(stopwatch.lap()).\n")
        say(
            table(
                ["node", "role", "ssh", "ip", "services"], cluster.inventory.nodes.map { row($0, cluster.inventory) }))
        say("\n" + table(["service", "node", "to be opened"], endpoints(cluster.inventory)))

        say("\nSubmitting the pipeline to Slurm: \(tiles) tiles, with Dask workers that are jobs of Slurm's too ...")
        stopwatch.restart()
        let result = try await TerrainPipeline(nodes: cluster.nodes).submit(to: cluster.slurm, tiles: tiles, workers: 3)
        say("The pipeline's job ended after \(stopwatch.lap()).\n")
        say(table(["node", "tiles it computed"], cluster.nodes.map { [$0.name, numbers(result, on: $0)] }))
        say("\n" + (try verdict(result)))

        say("Removing the cluster ...")
        stopwatch.restart()
    }
    say("The cluster is gone after \(stopwatch.lap()).")
}

private func row(_ node: Inventory.Node, _ inventory: Inventory) -> [String] {
    let services = inventory.services.filter { $0.nodes.contains(node.name) }.map(\.name).joined(separator: ", ")
    return [node.name, node.role ?? "", "\(node.host):\(node.port)", node.ip, services]
}

private func endpoints(_ inventory: Inventory) -> [[String]] {
    inventory.services.flatMap { service in service.endpoints.map { [service.name, $0.node, $0.url] } }
}
