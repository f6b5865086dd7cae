/// Tables of `run --slurm`, for people.
enum SlurmReport {
    static func print(_ samples: [Sample], nodes: Int, runs: Int, bars: [Bar]) {
        guard !samples.isEmpty else { return }
        let medians = Medians(samples)
        let nodeCount = "a controller and " + (nodes == 1 ? "1 compute node" : "\(nodes) compute nodes")
        let steps: [Step] = [.nodes, .ready, .services, .job, .batch, .teardown]
        var times = Table("", "started", "ready", "Slurm", "first job", "sbatch to end", "teardown")
        for name in medians.names { times.add([name] + steps.map { Table.cell(medians[name, $0]) }) }
        times.print(under: "\(nodeCount), \(runs) runs in turn; medians in seconds")
        Bar.print(bars, medians, under: "\(nodeCount): ratios of the medians, or seconds")
    }
}
