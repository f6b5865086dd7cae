// A cluster of three machines, a Dask pipeline on it, and nothing left of either: what `./demo` runs. `./demo hpc` has a machine room.

import ClusterEmulation
import Foundation
import TerrainPipeline

let tiles = 12

do {
    switch CommandLine.arguments.dropFirst().joined(separator: " ") {
    case "": try await demonstrate()
    case "hpc": try await demonstrateMachineRoom()
    default:
        say("usage: ./demo [hpc]", to: .standardError)
        exit(64)
    }
} catch {
    say("The demo failed: \(error)", to: .standardError)
    exit(1)
}

func demonstrate() async throws {
    say("Starting three machines with sshd and Dask ...")
    var stopwatch = Stopwatch()
    try await withCluster(nodes: 3, image: .dask, name: "demo") { cluster in
        say("The cluster is up after \(stopwatch.lap()).\n")
        say(table(["node", "ssh", "ip"], cluster.nodes.map { [$0.name, "\($0.host):\($0.port)", $0.ip] }))

        say("\nRunning the pipeline on node1: \(tiles) tiles, with Dask's SSHCluster over all three ...")
        stopwatch.restart()
        let result = try await TerrainPipeline(nodes: cluster.nodes).run(tiles: tiles)
        say("The pipeline ended after \(stopwatch.lap()).\n")
        say(table(["node", "tiles it computed"], cluster.nodes.map { [$0.name, numbers(result, on: $0)] }))
        say("\n" + (try verdict(result)))

        say("Removing the cluster ...")
        stopwatch.restart()
    }
    say("The cluster is gone after \(stopwatch.lap()).")
}

/// Says that the result is right, or throws.
func verdict(_ result: TerrainResult) throws -> String {
    guard result.tiles.map(\.number) == Array(0..<tiles) else {
        throw WrongResult(description: "the pipeline returned the tiles \(result.tiles.map(\.number)).")
    }
    let features = result.tiles.reduce(0) { $0 + $1.features.count }
    let comparison = String(
        format: "worst difference %.1e, allowed %.0e", result.worstDifference, TerrainResult.tolerance)
    guard result.worstDifference <= TerrainResult.tolerance else {
        throw WrongResult(description: "the result is not the known answer: \(comparison).")
    }
    return "The result is right: \(features) features equal the known answer (\(comparison))."
}

func numbers(_ result: TerrainResult, on node: Node) -> String {
    result.tiles.filter { $0.node == node.name }.map { "\($0.number)" }.joined(separator: ", ")
}

/// Rows under a heading, in columns as wide as their widest entry.
func table(_ heading: [String], _ rows: [[String]]) -> String {
    let widths = heading.indices.map { column in ([heading] + rows).map { $0[column].count }.max() ?? 0 }
    return ([heading] + rows).map { row in
        zip(row, widths).map { "  " + $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined()
    }.joined(separator: "\n")
}

/// Writes a line at once: `print` would keep it back when the output is a pipe.
func say(_ line: String, to file: FileHandle = .standardOutput) {
    try? file.write(contentsOf: Data("\(line)\n".utf8))
}

struct WrongResult: Error, CustomStringConvertible {
    let description: String
}

struct Stopwatch {
    private var begun = ContinuousClock.now

    mutating func restart() { begun = .now }

    func lap() -> String { String(format: "%.2f s", (ContinuousClock.now - begun) / .seconds(1)) }
}
