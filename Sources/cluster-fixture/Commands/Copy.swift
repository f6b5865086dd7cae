import ArgumentParser
import ClusterEmulation
import Foundation

struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies files and folders to a node, or from one.",
        discussion: """
            One of the two is a place on a node, CLUSTER/NODE:PATH. A path that does not begin with a slash is taken from \
            the user's home.

            EXAMPLE:
              cluster-fixture copy ./data lab/node2:/home/ubuntu/
            """)

    @Argument(help: "What to copy: a path, or CLUSTER/NODE:PATH.", completion: .file())
    var source: String

    @Argument(help: "Where to: a path, or CLUSTER/NODE:PATH.", completion: .file())
    var destination: String

    @Option(name: .shortAndLong, help: "The user who copies on the node: ubuntu or root.")
    var user: User = .ubuntu

    func run() async throws {
        let ends = [Self.remote(source), Self.remote(destination)]
        guard let there = ends.compactMap(\.self).first, ends.contains(where: { $0 == nil }) else {
            throw ValidationError("One of the two must be on a node, CLUSTER/NODE:PATH, and the other on this machine.")
        }
        guard let place = Place(argument: there.place) else {
            throw ValidationError("\"\(there.place)\" is not a node: write CLUSTER/NODE.")
        }
        let (_, inventory, node) = try await place.find()
        let words = zip(ends, [source, destination]).map { end, word in
            // A path with a colon in it is a path to scp if it begins with a slash or a dot.
            end.map { "\(user)@\(node.name):\($0.path)" } ?? (word.hasPrefix("/") ? word : "./" + word)
        }
        // SFTP in every version that has it: no shell on the node reads the path.
        try Command("scp", ["-s", "-r", "-q", "-F", inventory.sshConfig, "--"] + words).replaceThisProcess()
    }

    /// A word with a colon behind its first slash or name, and none of a path's beginnings.
    private static func remote(_ word: String) -> (place: String, path: String)? {
        guard !word.hasPrefix("/"), !word.hasPrefix("."), let colon = word.firstIndex(of: ":") else { return nil }
        return (String(word[..<colon]), String(word[word.index(after: colon)...]))
    }
}
