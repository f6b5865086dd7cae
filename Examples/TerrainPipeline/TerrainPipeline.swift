public import ClusterEmulation
import Foundation

/// A pipeline that drives machines by SSH: it computes the features of terrain tiles with Dask and laserchicken.
///
/// It stands for your own code. All it knows of the machines is that they can be logged in to: it copies its programs
/// to the first one and starts them there, and they spread over all of them with Dask's `SSHCluster`.
public struct TerrainPipeline: Sendable {
    private let nodes: [Node]

    /// Describes a pipeline that runs on these machines: the scheduler on the first, and a worker on each.
    ///
    /// - Parameter nodes: The machines; at least one.
    public init(nodes: [Node]) {
        precondition(!nodes.isEmpty, "a pipeline needs a machine to run on")
        self.nodes = nodes
    }

    /// Computes the features of all tiles.
    ///
    /// - Parameter tiles: How many tiles.
    /// - Returns: The features, and who computed them.
    /// - Throws: ``ClusterEmulation/ClusterError`` if the pipeline can't be copied or fails; `DecodingError` if what it
    ///   prints is not a result.
    public func run(tiles: Int = 12) async throws -> TerrainResult {
        try await compute(tiles, in: try await install())
    }

    /// Computes the features of all tiles, and does something else when half of them are done.
    ///
    /// - Parameters:
    ///   - tiles: How many tiles; with less than a few dozens, the rest is done before you know.
    ///   - whenHalfDone: What to do with a machine that is at work on tiles; it is never the first one.
    /// - Returns: The features, and who computed them.
    /// - Throws: As ``run(tiles:)`` does, and what the closure throws.
    public func run(
        tiles: Int = 60, whenHalfDone: nonisolated(nonsending) (Node) async throws -> Void
    ) async throws -> TerrainResult {
        let folder = try await install()
        let pipe = "\(folder)/half-way"
        try await nodes[0].run(["mkfifo", pipe]).requireSuccess()

        return try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { .finished(try await compute(tiles, in: folder, options: ["--half-way", pipe])) }
            group.addTask { .halfDone(try await busyNode(from: pipe)) }
            defer { group.cancelAll() }
            while let event = try await group.next() {
                switch event {
                case .halfDone(let node): try await whenHalfDone(node)
                case .finished(let result): return result
                }
            }
            throw CancellationError()
        }
    }
}

extension TerrainPipeline {
    /// Computes the features of all tiles as a job of Slurm's, whose Dask workers are further jobs.
    ///
    /// The first of the machines is the one that users log in to, and its home is on all of them.
    ///
    /// - Parameters:
    ///   - slurm: Where the job is submitted.
    ///   - tiles: How many tiles.
    ///   - workers: How many workers.
    /// - Returns: The features, and who computed them.
    /// - Throws: As ``run(tiles:)`` does; ``ClusterEmulation/ClusterError`` if the job does not complete.
    public func submit(to slurm: RunningService<Slurm>, tiles: Int = 12, workers: Int) async throws -> TerrainResult {
        let folder = try await install(below: "$HOME")
        let script = "exec python3 python/pipeline.py --jobs \(workers) --tiles \(tiles) >result.json"
        let id = try await slurm.submit(script: script, options: ["--job-name=terrain"], in: folder)
        let job = try await slurm.wait(for: id, within: .seconds(180))
        guard job.state == .completed else {
            throw FailedJob(job: job, output: try await slurm.output(of: id))
        }
        let report = try await nodes[0].run(["cat", "\(folder)/result.json"]).requireSuccess().standardOutput
        return try JSONDecoder().decode(TerrainResult.self, from: Data(report.utf8))
    }

    private enum Event: Sendable {
        case halfDone(Node)
        case finished(TerrainResult)
    }

    /// Copies the programs to a new folder on the first machine, and returns the folder.
    private func install(below place: String = "/tmp") async throws -> String {
        let made = try await nodes[0].run("mktemp --directory --tmpdir=\"\(place)\"").requireSuccess()
        let folder = made.standardOutput.trimmingCharacters(in: .newlines)
        try await nodes[0].upload(from: Bundle.module.bundleURL.appendingPathComponent("python"), to: folder)
        return folder
    }

    private func compute(_ tiles: Int, in folder: String, options: [String] = []) async throws -> TerrainResult {
        let program = ["python3", "\(folder)/python/pipeline.py"]
        let finished = try await nodes[0].run(program + nodes.map(\.ip) + ["--tiles", "\(tiles)"] + options)
        let report = try finished.requireSuccess().standardOutput
        return try JSONDecoder().decode(TerrainResult.self, from: Data(report.utf8))
    }

    /// Waits until the pipeline names a machine that is at work.
    private func busyNode(from pipe: String) async throws -> Node {
        let name = try await nodes[0].run(["cat", pipe]).requireSuccess().standardOutput
            .trimmingCharacters(in: .newlines)
        guard let node = nodes.first(where: { $0.name == name }) else { throw UnknownMachine(name: name) }
        return node
    }
}

/// The pipeline's job ended otherwise than well.
struct FailedJob: Error, CustomStringConvertible {
    let job: SlurmJob
    let output: String
    var description: String { "The pipeline's job \(job.id) is \(job.state). It said: \(output)" }
}

/// The pipeline spoke of a machine that it was not given.
struct UnknownMachine: Error, CustomStringConvertible {
    let name: String
    var description: String { "The pipeline speaks of \"\(name)\", which is none of its machines." }
}
