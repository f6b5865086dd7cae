public import ArgumentParser
public import ClusterEmulation

struct SSH: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh", abstract: "Logs in to a node, or runs a command there.",
        discussion: """
            A command gets to the node as `ssh` would send it: its words are joined, and read by the user's shell there.

            EXAMPLE:
              cluster-fixture ssh lab/node1 --user root -- apt-get install -y slurmd
            """)

    @Argument(help: Place.help, completion: .places)
    var place: Place

    @Option(name: .shortAndLong, help: "The user to log in as: ubuntu or root.")
    var user: User = .ubuntu

    @Argument(parsing: .postTerminator, help: "A command to run instead of a shell.")
    var command: [String] = []

    func run() async throws {
        let (_, inventory, node) = try await place.find()
        let login = try ProvisionedNode(node).login(user)
        try Command("ssh", ["-F", inventory.sshConfig, "\(login)@\(node.name)"] + command).replaceThisProcess()
    }
}

extension User: ExpressibleByArgument {}
