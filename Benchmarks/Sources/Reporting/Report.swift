/// Tables for people.
enum Report {
    /// What the contenders took, whether the bars are met, and where the time of this library's own starts went.
    static func print(_ samples: [Sample], nodes: Int, runs: Int) {
        guard !samples.isEmpty else { return }
        let medians = Medians(samples)
        let nodeCount = nodes == 1 ? "1 node" : "\(nodes) nodes"

        var times = Table("", "banners", "ready", "teardown")
        for name in medians.names {
            times.add([name] + [.banners, .ready, .teardown].map { Table.cell(medians[name, $0]) })
        }
        times.print(under: "\(nodeCount), \(runs) runs in turn; medians in seconds")

        Bar.print(Bar.all, medians, under: "\(nodeCount): ratios of the medians")

        let profiled = medians.names.filter { medians[$0, .keys] != nil }
        if !profiled.isEmpty {
            var profile = Table("", "keys", "image", "nodes", "banners", "ready")
            for name in profiled {
                profile.add([name] + [.keys, .image, .nodes, .banners, .ready].map { Table.cell(medians[name, $0]) })
            }
            profile.print(under: "\(nodeCount): when each step of a start is done; medians in seconds")
        }
    }

    /// What the numbers can't be compared with, and how to get it.
    static func print(_ missing: [Missing]) {
        guard !missing.isEmpty else { return }
        Console.say("\nNOT MEASURED, so no ratio to it is known:\n")
        for contender in missing { Console.say("  \(contender.contender): \(contender.reason)") }
        Console.say("\n  Benchmarks/install-peers installs what is missing.")
    }

    static func print(_ commands: [Commands]) {
        guard !commands.isEmpty else { return }
        var table = Table("", "ssh -S", "run, first", "ratio", "run, warm", "ratio")
        for backend in commands {
            let (bare, first, warm) = (backend.bare.median ?? 0, backend.first.median ?? 0, backend.warm.median ?? 0)
            table.add([
                backend.backend, Table.cell(bare, digits: 4), Table.cell(first, digits: 4),
                Table.cell(first / bare, digits: 2), Table.cell(warm, digits: 4), Table.cell(warm / bare, digits: 2),
            ])
        }
        table.print(under: "one command, `true`, over the shared connection; medians in seconds, ratios to `ssh -S`")
    }

    static func print(_ scale: [Scale]) {
        var table = Table(
            "nodes", "keys", "image", "started", "banners", "ready", "teardown", "PSS/node", "processes", "ssh PSS/node"
        )
        let steps: [Step] = [.keys, .image, .nodes, .banners, .ready, .teardown]
        for cluster in scale {
            let perNode = { (kilobytes: Int) in Table.cell(Double(kilobytes) / 1024 / Double(cluster.nodes), digits: 2)
            }
            table.add(
                ["\(cluster.nodes)"] + steps.map { Table.cell(cluster.seconds[$0.rawValue]) }
                    + [perNode(cluster.memory), "\(cluster.processes)", perNode(cluster.clientMemory)])
        }
        table.print(
            under:
                "\(scale.first?.backend ?? ""), one cluster each, idle; seconds since the beginning, MiB, processes of the cluster"
        )

        let limits = scale.first?.fanOut.limits.map { "\($0) at a time" } ?? []
        var fanOut = Table(["nodes", "first"] + limits + ["clush"])
        for cluster in scale {
            let seconds = [cluster.fanOut.first] + cluster.fanOut.again + [cluster.fanOut.clush]
            fanOut.add(["\(cluster.nodes)"] + seconds.map { Table.cell($0) })
        }
        fanOut.print(
            under:
                "`true` on all nodes, seconds: as a user who has no connection yet, again by so many at a time, and by clush"
        )
    }
}
