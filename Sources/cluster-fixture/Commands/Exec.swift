import ArgumentParser
import ClusterEmulation
import Foundation

struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a program on a node without SSH, as its root.",
        discussion: """
            The backend starts the program, so this works when sshd, its keys or the network are what is broken. No shell \
            reads the words. The program gets this command's standard streams through pipes. Its folder is /root, and its \
            environment has only PATH and HOME. `cluster-fixture exec` ends with the program's exit code: 126 or 127 if it can't be \
            run, and 128 plus the number of the signal that ended it.

            EXAMPLES:
              cluster-fixture exec lab/node1 -- cat /etc/ssh/sshd_config
              cluster-fixture exec lab/node2 -- sh -c 'echo 203.0.113.1 mirror >> /etc/hosts'
            """)

    @Argument(help: Place.help, completion: .places)
    var place: Place

    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("There is no program after `--`: `cluster-fixture exec lab/node1 -- id`.")
        }
    }

    func run() async throws {
        let (found, _, node) = try await place.find()
        let (cluster, words) = (found.cluster, command)
        let code = try await ProgramPipes.run(input: .descriptor(STDIN_FILENO)) {
            Self.pass($0, to: .standardOutput)
        } onError: {
            Self.pass($0, to: .standardError)
        } program: { streams in
            try await cluster.execute(words, on: node.name, streams: streams)
        }
        Foundation.exit(code)
    }

    /// Whoever has stopped reading has what they wanted.
    private static func pass(_ bytes: ArraySlice<UInt8>, to handle: FileHandle) {
        do { try handle.write(contentsOf: Data(bytes)) } catch { Foundation.exit(0) }
    }
}
