import ArgumentParser
import ClusterEmulation
import Foundation

struct Pool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps clusters ready, of which `lease` takes one.",
        discussion: """
            EXAMPLES:
              cluster-fixture pool start --nodes 3 --size 2
              cluster-fixture lease -- pytest tests/test_deploy.py
              cluster-fixture pool stop
            """,
        subcommands: [Start.self, Status.self, Stop.self, Serve.self])

    /// What a pool is to be.
    struct Options: ParsableArguments {
        @OptionGroup var cluster: ClusterOptions

        @Option(help: "How many clusters are kept ready.")
        var size = 1

        @Option(help: "The process that the pool ends with. (default: the one that has called this command)")
        var owner: Int32?

        @Flag(help: "Keep the pool until `pool stop`, whoever ends.")
        var stay = false

        func validate() throws {
            if stay, owner != nil { throw ValidationError("--stay and --owner can't be used together.") }
        }

        var name: String { cluster.name ?? "pool" }

        /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if there is no such process.
        func ownerIdentity() throws -> ProcessIdentity? {
            if stay { return nil }
            let process = owner ?? getppid()
            if process > 0, let identity = ProcessIdentity(running: process), !identity.hasEnded { return identity }
            throw ClusterError(
                .invalidConfiguration, "There is no process \(process) that the pool could end with.",
                remedy: "Name one by --owner, or say --stay.")
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts a pool, and returns when its clusters are ready.",
            discussion: """
                The pool is a process in the background. It ends, with all its clusters, when the process ends that has \
                called this command: a shell, or a test runner. Standard output gets its name.

                EXAMPLES:
                  cluster-fixture pool start --nodes 3 --size 2
                  cluster-fixture pool start -f cluster.yaml --name lab --stay
                """)

        @OptionGroup var options: Options

        func run() async throws {
            var configuration = try options.cluster.configuration()
            configuration.name = nil
            try configuration.validate()
            let owner = try options.ownerIdentity()
            // The same words, for the process in the background.
            var words = Array(CommandLine.arguments.dropFirst())
            if let place = words.firstIndex(of: "start") { words[place] = "serve" }
            if let owner, options.owner == nil { words += ["--owner", "\(owner.processID)"] }
            let program = try BackgroundProgram(words)
            let code = await Signals.handled {
                kill(program.processID, $0.number)
            } _: {
                await program.ready()
            }
            if code != 0 { Foundation.exit(code) }
            Console.result(options.name)
        }
    }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Is the process of a pool, which `pool start` puts in the background.",
            shouldDisplay: false)

        @OptionGroup var options: Options

        func run() async throws {
            BackgroundProgram.leaveTerminal()
            let server = try await PoolServer(
                named: options.name, size: options.size, of: try options.cluster.configuration(),
                owner: try options.ownerIdentity())
            try await Interruptible.run {
                try await server.run {
                    Console.result(BackgroundProgram.isReady)
                    try BackgroundProgram.letGo(writingTo: server.log)
                }
            }
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends pools, with all their clusters, those too that somebody uses.")

        @Argument(help: "The pools' names; without one, the only pool that there is.")
        var names: [String] = []

        @Flag(help: "End all pools.")
        var all = false

        func validate() throws {
            if all, !names.isEmpty { throw ValidationError("Name the pools, or write --all, not both.") }
        }

        func run() async throws {
            let named = names.isEmpty ? [String?.none] : names.map(Optional.some)
            let pools = all ? PoolFolder.all() : try named.map(PoolFolder.find)
            for pool in pools {
                _ = try await pool.ask(PoolMessage.Request(.stop))
                Console.note("\(pool.name) is gone")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the pools that there are.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            var states: [PoolMessage.Status] = []
            for pool in PoolFolder.all() {
                // One that is just starting, or ending, has nothing to say.
                let answer = try? await pool.ask(PoolMessage.Request(.status)).answer
                if let status = answer?.status { states.append(status) }
            }
            if json { return _ = Console.result(jsonText(states)) }
            if states.isEmpty { return Console.note("There are no pools.") }
            let rows = states.map {
                [
                    $0.name, "\($0.nodes)", "\($0.ready) of \($0.size)", "\($0.starting)", "\($0.leased)",
                    $0.owner.map { "process \($0)" } ?? "`pool stop`",
                ]
            }
            Console.result(Console.table([["NAME", "NODES", "READY", "STARTING", "LEASED", "ENDS WITH"]] + rows))
        }
    }
}
