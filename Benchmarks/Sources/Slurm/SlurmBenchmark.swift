/// `run --slurm`: how long it takes until the first job on all compute nodes has ended, and what Slurm costs beside the nodes.
enum SlurmBenchmark {
    static func run(_ options: Options, _ workshop: Workshop) async throws {
        let image = SlurmImage(workshop)
        var record = Record()
        let (contenders, missing) = await Rounds.able(compared(workshop, image))
        Report.print(missing)
        record.missing = missing
        for nodes in options.nodes {
            let runs = options.runs(of: nodes)
            let samples = await Rounds.run(contenders, nodes: nodes, runs: runs)
            record.rounds += samples
            SlurmReport.print(samples, nodes: nodes, runs: runs, bars: Bar.firstJob)
        }
        #if os(Linux)
        // A login node and three that compute, with Slurm and without.
        let (four, unable) = await Rounds.able([SlurmCluster(.namespaces), SlurmCluster(.namespaces, slurm: false)])
        let samples = await Rounds.run(four, nodes: 3, runs: options.runs(of: 3))
        record.missing += unable
        record.rounds += samples
        SlurmReport.print(samples, nodes: 3, runs: options.runs(of: 3), bars: Bar.slurm)
        #endif
        Report.print(record.missing)
        try record.write(to: options.json)
    }

    private static func compared(_ workshop: Workshop, _ image: SlurmImage) -> [any Contender] {
        let engine: [any Contender] = [
            SlurmCluster(.docker),
            ComposedSlurm(workshop, image, network: "198.19.251.0/24", lookingEach: "2"),
            ComposedSlurm(workshop, image, network: "198.19.251.0/24", lookingEach: "0.1"),
        ]
        #if os(Linux)
        return [SlurmCluster(.namespaces)] + engine
        #else
        return engine
        #endif
    }
}
