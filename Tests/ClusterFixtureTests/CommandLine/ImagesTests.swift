#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What is kept of images without an engine: listed, used, removed, and left by nobody.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct ImagesTests {
    private struct Kept: Decodable {
        let name: String
        let image: String
        let size: Int
        let clusters: [String]
        let isCurrent: Bool
        let isUnfinished: Bool
    }

    private func kept(_ command: CommandLine, _ environment: [String: String]) async throws -> [Kept] {
        let output = try await command.run("images", "--json", environment: environment)
        try #require(output.succeeded, "\(output.complaint)")
        return try JSONDecoder().decode([Kept].self, from: Data(output.standardOutput.utf8))
    }

    @Test(.requiresRoot) func whatNothingIsLostWithoutIsRemoved() async throws {
        try await CommandLine.with(.namespaces) { command in
            let cache = command.folder + "/cache"
            let environment = ["XDG_CACHE_HOME": cache, "DOCKER_HOST": "unix:///nowhere/docker.sock"]
            // A copy of what a node needs, under the same names, and a layer of an earlier version.
            let prepared = try await NamespacesBackend().prepare(.node, timeline: Timeline(Progress())).parts
            let layers = cache + "/cluster-fixture/layers"
            let copying = """
                layers=$1; shift
                mkdir -p -m 0700 "$layers/node-0123456789abcdef/etc" "$layers/node-0.1"
                cp -a --reflink=auto "$@" "$layers"
                """
            let copied = try await Command("sh", ["-ec", copying, "copy", layers] + prepared).output()
            try #require(copied.succeeded, "\(copied.complaint)")
            chmod(cache, 0o700)

            try await command.run("up", "--name", "images", environment: environment).requireSuccess()
            let id = try await ClusterCatalog.find("images").summary.id
            var images = try await kept(command, environment)
            #expect(Set(images.map(\.name)).isSuperset(of: prepared.map { ($0 as NSString).lastPathComponent }))
            for image in images where image.isCurrent {
                #expect(image.clusters == ["\(id)"])
                #expect(image.size > 1 << 20)
            }
            #expect(images.filter { !$0.isCurrent }.map(\.name) == ["node-0123456789abcdef"])

            let used = try #require(images.first { $0.isCurrent }?.name)
            let refused = try await command.run("images", "--remove", used, environment: environment)
            #expect(refused.exitCode == 70 && refused.standardError.contains("cluster \(id) runs on it"), "\(refused)")
            let none = try await command.run("images", "--remove", "nothing", environment: environment)
            #expect(none.exitCode == 64 && none.standardError.contains("There is no image \"nothing\"."), "\(none)")
            let alone = try await command.run("prune", "--unused-for", "0", environment: environment)
            #expect(alone.exitCode == 64, "\(alone)")

            // What is in use stays, whatever is asked for. What was being made is gone since the start.
            var removed = try await command.run("prune", "--images", "--unused-for", "0", environment: environment)
            #expect(removed.standardOutput == "node-0123456789abcdef\n", "\(removed.standardError)")
            try await command.run("down", "images", environment: environment).requireSuccess()
            removed = try await command.run("prune", "--images", "--unused-for", "1", environment: environment)
            #expect(removed.standardOutput == "")
            let name = (prepared[0] as NSString).lastPathComponent
            try await command.run("images", "--remove", name, environment: environment).requireSuccess()
            #expect(try await kept(command, environment).map(\.name).contains(name) == false)
            removed = try await command.run("prune", "--images", "--unused-for", "0", environment: environment)
            #expect(removed.lines.count == prepared.count - 1)
            images = try await kept(command, environment)
            #expect(images.isEmpty)
        }
    }

    /// At whatever moment: at its beginning, and when it has told for the first time how far it is.
    @Test(arguments: ["making a root file system", "(after "])
    func aBuildThatIsKilledLeavesNothing(moment: String) async throws {
        try await CommandLine.with(.namespaces) { command in
            let build = KilledBuild(command)
            try await build.run(killedAt: moment)
            try await build.expectNothingStays()
            try await build.removeCache()
        }
    }
}

extension CommandOutput {
    fileprivate func requireSuccess() throws { try #require(succeeded, "\(complaint)") }
}
#endif
