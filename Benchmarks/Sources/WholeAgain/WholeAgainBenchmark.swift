/// `run --again`: what it takes to have a cluster whole again, beside a new one, and beside testcontainers' restart of its containers.
enum WholeAgainBenchmark {
    static func run(_ options: Options, _ workshop: Workshop) async throws {
        var record = Record()
        let (contenders, missing) = await Rounds.able(compared(workshop))
        Report.print(missing)
        record.missing = missing
        for nodes in options.nodes {
            let runs = options.runs(of: nodes)
            let samples = await Rounds.run(contenders, nodes: nodes, runs: runs)
            record.rounds += samples
            print(samples, nodes: nodes, runs: runs)
        }
        Report.print(record.missing)
        try record.write(to: options.json)
    }

    private static func compared(_ workshop: Workshop) -> [any Contender] {
        let engine: [any Contender] = [ResetCluster(.docker), RestartedContainers(workshop)]
        #if os(Linux)
        return [ResetCluster(.namespaces)] + engine
        #else
        return engine
        #endif
    }

    private static func print(_ samples: [Sample], nodes: Int, runs: Int) {
        guard !samples.isEmpty else { return }
        let medians = Medians(samples)
        let steps: [Step] = [.ready, .resetBanners, .reset, .restart, .snapshot, .restore, .lease]
        var times = Table("", "new", "reset: banners", "reset", "restart one", "snapshot", "restore", "lease")
        for name in medians.names { times.add([name] + steps.map { Table.cell(medians[name, $0]) }) }
        times.print(under: "\(nodes) nodes, \(runs) runs in turn; medians in seconds")
        Bar.print(Bar.again, medians, under: "\(nodes) nodes: ratios of the medians, or seconds")
    }
}
