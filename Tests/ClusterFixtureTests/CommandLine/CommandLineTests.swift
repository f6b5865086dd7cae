import ClusterEmulation
import FixtureTestSupport
import Foundation
import Subprocess
import Testing

/// Clusters by the command line, as a test suite in any language has them.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct CommandLineTests {
    private static func name() -> String { "cli-" + String(Int.random(in: 100_000..<999_999)) }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterStaysUntilItIsTakenDown(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = Self.name()
            let up = try await command.run("up", "--nodes", "2", "--name", name, "-e", "WORD=two words")
            try #require(up.exitCode == 0, "\(up.standardError)")
            #expect(up.standardOutput == name + "\n")

            let list = try await command.run("list")
            #expect(list.lines.contains { $0.hasPrefix(name) && $0.contains(backend.rawValue) && $0.contains("until") })
            let inventories = try JSONDecoder().decode(
                [Inventory].self, from: Data(try await command.run("list", "--json").standardOutput.utf8))
            let inventory = try #require(inventories.first { $0.name == name })
            #expect(inventory.version == 1)
            #expect(inventory.backend == backend.rawValue)
            #expect(inventory.nodes.map(\.name) == ["node1", "node2"])
            #expect(inventory.nodes[0].users.map(\.name) == ["ubuntu", "root"])

            let ssh = try await command.run("ssh", name + "/node2", "--", "hostname; id -un; echo \"$WORD\"")
            #expect(ssh.standardOutput == "node2\nubuntu\ntwo words\n", "\(ssh.standardError)")

            let logs = try await command.run("logs", name + "/node2")
            #expect(logs.standardOutput.contains("Accepted publickey for ubuntu"))

            let down = try await command.run("down", name)
            #expect(down.exitCode == 0, "\(down.standardError)")
            #expect(try await command.left() == [])
            #expect(try await command.run("down", name).exitCode == 64)
        }
    }

    /// Nobody has put anything into the folder for it, not even for a moment.
    @Test(arguments: try await BackendUnderTest.usable(needing: []))
    func nothingIsStartedForAProgramThatCanNotRun(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let (manager, before) = (FileManager.default, Date(timeIntervalSince1970: 1_000_000_000))
            func changed() throws -> Date? {
                try manager.attributesOfItem(atPath: command.folder)[.modificationDate] as? Date
            }
            try manager.setAttributes([.modificationDate: before], ofItemAtPath: command.folder)
            for (program, code) in [("no-such-command", Int32(127)), ("./no-such-command", 127), ("/etc", 126)] {
                let run = try await command.run("run", "--", program)
                #expect(run.exitCode == code && run.standardOutput == "", "\(program): \(run.complaint)")
                #expect(run.standardError.contains("nothing was started"), "\(run.standardError)")
                #expect(try manager.contentsOfDirectory(atPath: command.folder) == [])
                #expect(try changed() == before)
            }
            // It would be seen.
            #expect(try await command.run("run", "--", "true").exitCode == 0)
            #expect(try manager.contentsOfDirectory(atPath: command.folder) == [])
            #expect(try changed() != before)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func theInventoryIsThereInEveryFormat(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = Self.name()
            try #require(try await command.run("up", "--nodes", "2", "--name", name).exitCode == 0)
            func text(_ format: String) async throws -> String {
                try await command.run("inventory", name, "--format", format).standardOutput
            }
            let json = try await text("json")
            let inventory = try JSONDecoder().decode(Inventory.self, from: Data(json.utf8))
            #expect(try await text("hostfile") == "node1\nnode2\n")
            let hosts = inventory.nodes.map { "\($0.ip) \($0.name).\(name).test \($0.name)\n" }.joined()
            #expect(try await text("etc-hosts") == hosts)
            let ansible = try await text("ansible")
            #expect(ansible.hasPrefix("[cluster]\nnode1\nnode2\n"))
            let configuration = command.folder + "/config"
            try await text("ssh-config").write(toFile: configuration, atomically: true, encoding: .utf8)
            let ssh = try await Command("ssh", ["-F", configuration, "root@node2", "hostname"]).output()
            #expect(ssh.standardOutput == "node2\n", "\(ssh.standardError)")
            let variables = try await text("env")
            let read = try await Command(
                "sh", ["-c", "eval \"$1\"; echo $CLUSTER_NODES $CLUSTER_NODE2_IP", "sh", variables]
            ).output()
            #expect(read.standardOutput == "node1 node2 \(inventory.nodes[1].ip)\n")
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aCommandRunsWithAClusterOfItsOwn(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            try "plain".write(toFile: command.folder + "/file", atomically: true, encoding: .utf8)
            let script = """
                set -e
                ssh node2 hostname
                ssh root@node1 id -un
                scp -q "$1" node1:copied && ssh node1 cat copied && echo
                rsync "$1" node2:synced && ssh node2 cat synced && echo
                echo "get copied $1.back" | sftp -q -b - node1 >/dev/null && cat "$1.back" && echo
                echo "$CLUSTER_NODES"
                test "$CLUSTER_USER" = ubuntu
                ssh -F /dev/null -i "$CLUSTER_KEY" -p "$CLUSTER_NODE1_PORT" -o UserKnownHostsFile="$CLUSTER_KNOWN_HOSTS" \\
                    "$CLUSTER_USER@$CLUSTER_NODE1_HOST" hostname
                """
            let run = try await command.run(
                "run", "--nodes", "2", "--", "sh", "-c", script, "sh", command.folder + "/file")
            #expect(
                run.standardOutput == "node2\nroot\nplain\nplain\nplain\nnode1 node2\nnode1\n", "\(run.standardError)")
            #expect(run.exitCode == 0)
            let direct = try await command.run("run", "--", "ssh", "root@node1", "hostname")
            #expect(direct.standardOutput == "node1\n", "\(direct.standardError)")
            #expect(try await command.run("run", "--", "false").exitCode == 1)
            #expect(try await command.run("run", "--", "/nowhere/program").exitCode == 127)
            let inside = try await command.run("run", "--inside", "node1", "--", "sh", "-c", "hostname; pwd; exit 3")
            #expect(
                inside.standardOutput == "node1\n\(FileManager.default.currentDirectoryPath)\n",
                "\(inside.standardError)")
            #expect(inside.exitCode == 3)
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(), [nil, "node2"])
    func logsAreFollowedUntilTheClusterEnds(backend: BackendUnderTest, node: String?) async throws {
        try await CommandLine.with(backend) { command in
            let name = Self.name()
            try #require(try await command.run("up", "--nodes", "2", "--name", name).exitCode == 0)
            let heard = Locked<[String]>([])
            let words = ["logs", name + (node.map { "/" + $0 } ?? ""), "--follow"]
            let following = Task {
                try await Command(CommandLine.path, words, environment: command.environment).eachLine { line in
                    heard.withLock { $0.append(line) }
                }
            }
            let prefix = node == nil ? "node2: " : ""
            @Sendable func logins() -> Int {
                heard.withLock { lines in
                    lines.filter { $0.hasPrefix(prefix) && $0.contains("Accepted publickey for root") }.count
                }
            }
            // What is there already first, then what comes.
            #expect(try await eventually { heard.withLock { !$0.isEmpty } })
            let before = logins()
            #expect(try await command.run("ssh", name + "/node2", "--user", "root", "--", "true").exitCode == 0)
            #expect(try await eventually { logins() > before })
            #expect(try await command.run("down", name).exitCode == 0)
            #expect(try await following.value == 0)
            #expect(try await command.left() == [])
        }
    }

    /// What a run is told while its command runs, with what it ends.
    static let endings: [(Signal, Int32?)] = [(.interrupt, 130), (.terminate, 143), (.kill, nil)]

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), endings)
    func aRunThatIsEndedLeavesNothing(backend: BackendUnderTest, ending: (signal: Signal, code: Int32?)) async throws {
        try await CommandLine.with(backend) { command in
            var options = PlatformOptions()
            options.createSession = true
            let words = [CommandLine.path, "run", "--", "sh", "-c", "echo up; exec sleep 300", command.folder]
            let result = try await Subprocess.run(
                .name("env"), arguments: Arguments(words),
                environment: .inherit.updating(
                    Dictionary(
                        uniqueKeysWithValues: command.environment.map { (Environment.Key(stringLiteral: $0), $1) })),
                platformOptions: options, input: .none, output: .sequence, error: .string(limit: 1 << 16)
            ) { execution in
                for try await line in execution.standardOutput.strings() where line == "up" {
                    try execution.send(signal: ending.signal)
                    return true
                }
                return false
            }
            try #require(
                result.closureResult,
                "the run ended before its command did anything: \(result.standardError)")
            if let code = ending.code { #expect(result.terminationStatus == .exited(code)) }
            _ = try await eventually { try await command.left().isEmpty }
            let left = try await command.left()
            #expect(left == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func ofTwoThatWantANameOneGetsIt(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = Self.name()
            async let first = command.run("up", "--name", name)
            async let second = command.run("up", "--name", name)
            let codes = try await [first, second].map(\.exitCode).sorted()
            #expect(codes == [0, 64])
            let third = try await command.run("up", "--name", name)
            #expect(third.exitCode == 64)
            #expect(third.standardError.contains("There is a cluster \(name) already."))
            let near = try await command.run("ssh", name.dropLast() + "x")
            #expect(near.exitCode == 64)
            #expect(near.standardError.contains("Did you mean \(name)?"))
            let node = try await command.run("ssh", name + "/nod1")
            #expect(node.standardError.contains("Did you mean node1?"))
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }

    @Test func whatIsLeftBehindIsFoundAndPruned() async throws {
        try await CommandLine.with(nil) { command in
            let folder = command.folder + "/cf-0123456789"
            let dead = ProcessIdentity(
                machine: ProcessIdentity.current.machine, processID: ProcessIdentity.current.processID, started: "1")
            try Workspace(folder: folder).create(for: "docker", owner: dead)
            let doctor = try await command.run("doctor")
            #expect(doctor.standardOutput.contains("cluster-fixture prune"))
            let prune = try await command.run("prune")
            #expect(prune.lines.contains(folder), "\(prune.standardError)")
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: [
        (["up", "--nodes", "0"], Int32(64), "1 to 1000 nodes"),
        (["up", "--backend", "dokcer"], 64, "Did you mean docker?"),
        (["run"], 64, "There is no command"),
        (["run", "--nodes", "2", "--inside", "node3", "--", "true"], 64, "--inside names node3"),
        (["up", "--image", "mine:1", "--base", "debian:bookworm"], 64, "--base goes with the images node and dask"),
        (["up", "--package", "two words"], 64, "is not a name that a package can have"),
        (["build", "--requirements", "/nowhere.txt"], 64, "/nowhere.txt"),
        (["run", "--provision", "/nowhere.sh", "--", "true"], 64, "/nowhere.sh"),
        (["up", "--cap-add", "EVERYTHING"], 64, "is not a Linux capability"),
        (["up", "--disk", "much"], 64, "--disk"),
        (["up", "--ulimit", "nofile"], 64, "--ulimit"),
        (["up", "--ulimit", "nofile=3"], 64, "the least is 32"),
        (["up", "-f", "/nowhere.yaml"], 64, "/nowhere.yaml can't be read"),
        (["copy", "a", "b"], 64, "One of the two must be on a node"),
        (["copy", "a", "b"], 64, "Usage: cluster-fixture copy "),
        (["ssh", "lab/node1", "--usr", "root"], 64, "Unknown option '--usr'"),
        (["ssh", "lab/node1", "--user", "nobody"], 64, "users are ubuntu and root"),
        (["ssh", "root@lab/node1", "--user", "ubuntu"], 64, "Say the user once"),
        (["logs", "nobody@lab/node1"], 64, "users are ubuntu and root"),
        (["fault", "lab", "network", "twice"], 64, "Usage: cluster-fixture fault "),
        (["upp"], 64, "Did you mean up?"), (["wholly-wrong"], 64, "--help"),
        (["run", "--", "no-such-command"], 127, "there is no program `no-such-command` on PATH"),
        (["run", "--", "./no-such-command"], 127, "there is no program `./no-such-command`"),
        (["run", "--", "/etc"], 126, "is not a program that can be run"),
        (["up", "--image", "./nope/Dockerfile"], 64, "There is no file ./nope/Dockerfile"),
        (["kill", "lab"], 64, "\"lab\" names no node"),
        (["exec", "lab/node1"], 64, "There is no program"),
        (["list", "--wrong"], 64, "Unknown option"),
        (["up", "--memory", "much"], 64, "much"),
    ])
    func wrongUsageIsRefused(words: [String], code: Int32, message: String) async throws {
        let output = try await Command(CommandLine.path, words).output()
        #expect(output.exitCode == code)
        #expect(output.standardError.contains(message), "\(output.standardError)")
        #expect(output.standardOutput == "")
    }

    @Test(.requiresProgram("bash")) func theShellCompletesClustersNodesAndBackends() async throws {
        try await CommandLine.with(nil) { command in
            let name = Self.name()
            try #require(try await command.run("up", "--nodes", "2", "--name", name).exitCode == 0)
            // What bash does when Tab is pressed (bash(1), Programmable Completion).
            let script = """
                PATH=$(dirname "$1"):$PATH
                . <("$1" --generate-completion-script bash)
                shift
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=$(printf %s "$*" | wc -c)
                _cluster-fixture cluster-fixture "${@: -1}" "${@: -2:1}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """
            func completions(_ words: String...) async throws -> Set<String> {
                let arguments = ["-c", script, "bash", CommandLine.path, "cluster-fixture"] + words
                let output = try await Command("bash", arguments, environment: command.environment).output()
                #expect(output.standardError.isEmpty)
                return Set(output.lines.map { $0.trimmingCharacters(in: .whitespaces) })
            }
            #expect(try await completions("inv") == ["inventory"])
            #expect(try await completions("inventory", String(name.dropLast())) == [name])
            #expect(try await completions("ssh", name + "/") == [name + "/node1", name + "/node2"])
            #expect(
                try await completions("run", "--backend", "") == [
                    "automatic", "docker", "namespaces", "swarm", "hosts",
                ])
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }

    @Test(arguments: [
        "run", "up", "list", "ssh", "copy", "exec", "kill", "logs", "inventory", "down", "prune", "doctor", "build",
    ])
    func theHelpOfACommandHasAnExample(command: String) async throws {
        let help = try await Command(CommandLine.path, [command, "--help"]).output()
        #expect(help.exitCode == 0)
        #expect(help.standardOutput.contains("cluster-fixture \(command)"))
        #expect(help.standardOutput.contains("EXAMPLE"))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aNodesOptionsAreHandedOn(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let line =
                "sudo -n id -un; df --block-size=1M --output=size /dev/shm | tail -n 1 | tr -d ' '; . /etc/os-release; echo $VERSION_ID"
            let run = try await command.run(
                "run", "--base", "debian:trixie-slim", "--sudo", "--shm", "80m", "--cap-add", "sys_ptrace", "--",
                "ssh",
                "node1", line)
            #expect(run.lines == ["root", "80", "13"], "\(run.standardError)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aFileSaysWhatAClusterIsAndOptionsWinOverIt(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = Self.name()
            try FileManager.default.createDirectory(
                atPath: command.folder + "/data", withIntermediateDirectories: false)
            try "shared".write(toFile: command.folder + "/data/file", atomically: false, encoding: .utf8)
            let text = """
                nodes: 2
                name: \(name)
                image: node
                limits: {sharedMemory: 80m, openFiles: 2000}
                environment: {WORD: two words, OTHER: file}
                ports: [8787]
                mounts: [{source: data, target: /data, isReadOnly: true}]
                sudo: true
                """
            let file = command.folder + "/cluster.yaml"
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            let line =
                "sudo -n id -un; echo $WORD $OTHER; cat /data/file; echo; echo $(df --block-size=1M --output=size /dev/shm | tail -n 1); ulimit -n"
            let run = try await command.run(
                "run", "-f", file, "-e", "OTHER=option", "--ulimit", "nofile=1500", "--nodes", "3", "--", "sh", "-c",
                "echo $CLUSTER_NAME $CLUSTER_NODES; ssh node3 '\(line)'")
            #expect(
                run.lines == ["\(name) node1 node2 node3", "root", "two words option", "shared", "80", "1500"],
                "\(run.standardError)")
            let up = try await command.run("up", "--file", file, "--no-sudo", "--json")
            try #require(up.exitCode == 0, "\(up.standardError)")
            let inventory = try JSONDecoder().decode(Inventory.self, from: Data(up.standardOutput.utf8))
            #expect(inventory.name == name && inventory.nodes.count == 2)
            #expect(inventory.nodes[1].publishedPorts.map(\.nodePort) == [8787])
            #expect(try await command.run("ssh", name, "--", "sudo -n true").exitCode != 0)
            #expect(try await command.run("down", name).exitCode == 0)
            try "nodes: 2\nnodse: 3\n".write(toFile: file, atomically: false, encoding: .utf8)
            let wrong = try await command.run("up", "-f", file)
            #expect(wrong.exitCode == 64)
            #expect(
                wrong.standardError.contains("cluster.yaml:2:1") && wrong.standardError.contains("Did you mean nodes?"))
            let input = try await Command(
                CommandLine.path, ["run", "-f", "-", "--", "sh", "-c", "echo $CLUSTER_NODES"],
                environment: command.environment
            ).output(input: Array("nodes: 2".utf8), limit: .seconds(120))
            #expect(input.standardOutput == "node1 node2\n", "\(input.standardError)")
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aPortIsPublishedWhereTheUserWantsIt(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let port = try Listener(.hangUp).port
            let script = """
                echo "$CLUSTER_NODE1_PORT_8080"; test "$CLUSTER_NODE1_PORT_8080" != "$CLUSTER_NODE1_PORT_53_UDP"
                ssh node1 'cd /tmp; echo page >page; (python3 -m http.server 8080 >/dev/null 2>&1 &)'
                until curl --silent --noproxy '*' "http://127.0.0.1:$CLUSTER_NODE1_PORT_8080/page"; do sleep 0.1; done
                """
            let run = try await command.run(
                "run", "--publish", "\(port):8080", "--publish", "53/udp", "--", "sh", "-ec", script)
            #expect(run.lines == ["\(port)", "page"], "\(run.standardError)")
        }
    }

    @Test(arguments: ["80/sctp", "80:", ":80", "1:2:3", "http", "80/udp/tcp", "22", "0", "80:70000", ""])
    func aPortThatCanNotBePublishedIsRefused(port: String) async throws {
        let output = try await Command(CommandLine.path, ["up", "--publish", port]).output()
        #expect(output.exitCode == 64)
        #expect(port.isEmpty || output.standardError.contains("ort"), "\(output.standardError)")
    }

    @Test func whereNoBackendCanRunItIsSaid() async throws {
        let environment = ["CLUSTER_FIXTURE_BACKEND": "docker", "DOCKER_HOST": "unix:///nowhere/docker.sock"]
        let up = try await Command(CommandLine.path, ["up"], environment: environment).output()
        #expect(up.exitCode == 69)
        #expect(up.standardError.contains("The docker backend can't run here"))
    }
}
