import ArgumentParser
import ClusterEmulation

struct SSH: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh", abstract: "Logs in to a node, or runs a command there.",
        discussion: """
            A command gets to the node as `ssh` would send it: its words are joined, and read by the user's shell there.

            EXAMPLES:
              cluster-fixture ssh lab/node1
              cluster-fixture ssh lab/node1 ls -l /etc
              cluster-fixture ssh root@lab/node1 service ssh status
            """)

    @Option(name: .shortAndLong, help: "The user to log in as: ubuntu or root. (default: ubuntu)")
    var user: User?

    @Argument(help: Login.help, completion: .places)
    var login: Login

    @Argument(parsing: .captureForPassthrough, help: "A command to run instead of a shell.")
    var command: [String] = []

    /// As with ssh, what comes behind the node is the command; before that, the user may be named, and `--` be written.
    mutating func validate() throws {
        while let word = command.first, word.hasPrefix("-") {
            command.removeFirst()
            if word == "--" { break }
            if ["-h", "--help"].contains(word) { throw CleanExit.helpRequest(self) }
            guard ["-u", "--user"].contains(word) || word.hasPrefix("--user=") else {
                throw ValidationError(
                    "Unknown option '\(word)': what is for the node's own command comes after its name.")
            }
            let name =
                word.hasPrefix("--user=") ? String(word.dropFirst(7)) : command.isEmpty ? "" : command.removeFirst()
            user = try User.named(name)
        }
        _ = try login.user(or: user)
    }

    func run() async throws {
        let (_, inventory, node) = try await login.place.find()
        let name = try ProvisionedNode(node).login(login.user(or: user))
        try Command("ssh", ["-F", inventory.sshConfig, "\(name)@\(node.name)"] + command).replaceThisProcess()
    }
}
