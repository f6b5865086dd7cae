import ClusterEmulation
import Foundation

/// A process to be killed: starts a cluster, says `ready`, and stops it when its standard input ends.
@main
struct Victim {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let name = arguments.first ?? "victim"
        print("booting")
        fflush(nil)
        let cluster = try await Cluster.start(ClusterConfiguration(nodes: 3, name: name))
        try await cluster[0].run("true", as: .root)
        print("logs in with \(cluster[0].identityFile(for: .root))")
        print("ready")
        fflush(nil)
        while readLine() != nil {}
        print("stopping")
        fflush(nil)
        try await cluster.stop()
        print("stopped")
    }
}
