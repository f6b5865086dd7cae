import ArgumentParser
import ClusterEmulation
import Foundation

struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies files and folders to a node, or from one.",
        discussion: """
            One of the two is a place on a node, CLUSTER/NODE:PATH, or root@CLUSTER/NODE:PATH. A path that does not begin with a slash is taken from \
            the user's home. Links, modes, times and the rest are kept, and names are taken as they are. If the \
            destination is a folder that is there, the copy is put into it, as `cp -R` does. FOLDER/. copies what is in the folder.

            EXAMPLES:
              cluster-fixture copy ./data lab/node2:/home/ubuntu/
              cluster-fixture copy root@lab/node1:/var/log ./logs
            """)

    @Argument(help: "What to copy: a path, or CLUSTER/NODE:PATH.", completion: .file())
    var source: String

    @Argument(help: "Where to: a path, or CLUSTER/NODE:PATH.", completion: .file())
    var destination: String

    @Option(name: .shortAndLong, help: "The user who copies on the node: ubuntu or root. (default: ubuntu)")
    var user: User?

    func validate() throws { _ = try ends }

    func run() async throws {
        let (login, user, path, isUpload) = try ends
        let (found, inventory, node) = try await login.place.find()
        let transfer = FileTransfer(NodeRoute(inventory, node.name, user)) { Console.step($0, after: $1) }
        let (source, destination) = (source, destination)
        try await found.explainingEnd(of: node.name) {
            if isUpload {
                try await transfer.upload(from: source, to: path)
            } else {
                try await transfer.download(from: path, to: destination)
            }
        }
    }

    /// What is on the node, and whether it is copied there.
    private var ends: (login: Login, user: User, path: String, isUpload: Bool) {
        get throws {
            let ends = [Self.remote(source), Self.remote(destination)]
            guard let there = ends.compactMap(\.self).first, ends.contains(where: { $0 == nil }) else {
                throw ValidationError(
                    "One of the two must be on a node, CLUSTER/NODE:PATH, and the other on this machine.")
            }
            guard let login = Login(argument: there.place) else {
                throw ValidationError("\"\(there.place)\" is not a node: write CLUSTER/NODE.")
            }
            return (login, try login.user(or: user), there.path, ends[0] == nil)
        }
    }

    /// A word with a colon behind its first slash or name, and none of a path's beginnings.
    private static func remote(_ word: String) -> (place: String, path: String)? {
        guard !word.hasPrefix("/"), !word.hasPrefix("."), let colon = word.firstIndex(of: ":") else { return nil }
        let path = word[word.index(after: colon)...]
        // As scp has it. A file of that name is reached by ./~.
        let inHome = path == "~" ? "" : path.hasPrefix("~/") ? path.dropFirst(2) : path
        return (String(word[..<colon]), String(inHome))
    }
}
