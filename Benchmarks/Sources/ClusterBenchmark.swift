import ClusterFixture
import Foundation

/// `run`: every contender at every number of nodes. `run --scale`: the namespaces backend alone, with its memory. `run --slurm`: batch
/// systems. `run --again`: clusters that are made as new.
@main
struct ClusterBenchmark {
    static func main() async {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            let workshop = try Workshop()
            do {
                if options.slurm {
                    try await SlurmBenchmark.run(options, workshop)
                } else if options.again {
                    try await WholeAgainBenchmark.run(options, workshop)
                } else {
                    try await options.scale ? scale(options) : compare(options, workshop)
                }
                workshop.close()
            } catch {
                workshop.close()
                throw error
            }
        } catch {
            FileHandle.standardError.write(Data("benchmark: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func compare(_ options: Options, _ workshop: Workshop) async throws {
        let all = all(workshop)
        let known = all.map { Options.key($0.name) }
        if let unknown = options.only?.first(where: { !known.contains($0) }) {
            throw Failure("there is no contender \"\(unknown)\"; there are: \(known.joined(separator: ", "))")
        }
        let wanted = all.filter { options.only?.contains(Options.key($0.name)) ?? true }
        let (contenders, missing) = await Rounds.able(wanted)
        // Said before the minutes that a run takes, and once more below its results.
        Report.print(missing)
        var record = Record()
        record.missing = missing
        for nodes in options.nodes {
            let runs = options.runs(of: nodes)
            let samples = await Rounds.run(contenders, nodes: nodes, runs: runs)
            record.rounds += samples
            Report.print(samples, nodes: nodes, runs: runs)
        }
        for case let library as LibraryCluster in contenders {
            record.commands.append(try await Commands.measure(library))
        }
        Report.print(record.commands)
        Report.print(missing)
        try record.write(to: options.json)
    }

    private static func all(_ workshop: Workshop) -> [any Contender] {
        let bare: [any Contender] = [BareSSHD(workshop)]
        let engine: [any Contender] = [
            LibraryCluster(.docker),
            DockerRun(workshop, network: nil),
            DockerRun(workshop, network: "198.19.254.0/24"),
            Testcontainers(workshop),
            DockerCompose(workshop, network: "198.19.252.0/24"),
        ]
        #if os(Linux)
        return bare + [LibraryCluster(.namespaces)] + engine + [Mininet(workshop)]
        #else
        return bare + engine
        #endif
    }

    private static func scale(_ options: Options) async throws {
        var record = Record()
        for nodes in options.nodes {
            Console.say("\(nodes) nodes …")
            let backend: BackendChoice = options.only == ["swarm"] ? .swarm : .namespaces
            record.scale.append(try await Scale.measure(nodes: nodes, on: backend))
        }
        Report.print(record.scale)
        try record.write(to: options.json)
    }
}
