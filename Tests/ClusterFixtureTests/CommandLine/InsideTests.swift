import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// `run --inside`: a command on a node that is as if it ran here.
@Suite(.requiresBackend, .timeLimit(.minutes(5)))
struct InsideTests {
    @Test(arguments: try await BackendUnderTest.usable(), User.allCases)
    func theVariablesAreThoseOutsideAndRightThere(backend: BackendUnderTest, user: User) async throws {
        try await CommandLine.with(backend) { command in
            let script = """
                env | sed -n 's/^\\(CLUSTER_[A-Z0-9_]*\\)=.*/\\1/p' | grep -v FIXTURE | sort | tr '\\n' ' ' && echo
                """
            let options = ["run", "--nodes", "2", "--publish", "8787", "-e", "WORD=two words"]
            func run(_ words: [String]) async throws -> CommandOutput {
                try await Command(CommandLine.path, options + words, environment: command.environment)
                    .output(limit: .seconds(120))
            }
            let outside = try await run(["--", "sh", "-c", script])
            let use = """
                set -e
                \(script)
                echo "$CLUSTER_NAME $CLUSTER_NODES $WORD"
                ssh -F "$CLUSTER_SSH_CONFIG" node2 'hostname; id -un'
                ssh -F /dev/null -o UserKnownHostsFile="$CLUSTER_KNOWN_HOSTS" -i "$CLUSTER_KEY" -p "$CLUSTER_NODE2_PORT" \\
                    "$CLUSTER_USER@$CLUSTER_NODE2_HOST" hostname
                test "$CLUSTER_NODE2_IP" = "$(getent hosts node2 | cut -d' ' -f1)"
                python3 -c 'import json, os; nodes = json.load(open(os.environ["CLUSTER_INVENTORY"]))["nodes"]
                print(nodes[1]["port"], nodes[0]["publishedPorts"][0]["port"], os.path.exists(nodes[1]["users"][0]["identityFile"]))'
                """
            let name = "inside-\(user)-" + String(Int.random(in: 100_000..<999_999))
            let inside = try await run(
                ["--name", name, "--user", "\(user)", "--inside", "node1", "--", "sh", "-c", use])
            #expect(inside.exitCode == 0, "\(inside)")
            #expect(inside.lines.first == outside.lines.first)
            #expect(
                inside.lines.dropFirst() == [
                    "\(name) node1 node2 two words", "node2", "ubuntu", "node2", "22 8787 True",
                ], "\(inside)")
            #expect(try await command.left() == [])
        }
    }

    #if os(Linux)
    /// An sshd takes 129 variables from a client, and each node has three.
    @Test(.requiresNamespaces) func manyNodesHaveMoreVariablesThanAnSSHServerTakes() async throws {
        try await CommandLine.with(.namespaces) { command in
            let script = "env | grep -c '^CLUSTER_NODE[0-9]*_IP='; ssh node50 hostname"
            let run = try await command.run("run", "--nodes", "50", "--inside", "node1", "--", "sh", "-c", script)
            #expect(run.lines.prefix(2) == ["50", "node50"], "\(run)")
            #expect(try await command.left() == [])
        }
    }
    #endif

    /// The inventory has passwords, and services' tokens.
    @Test(arguments: try await BackendUnderTest.usable(), User.allCases)
    func nobodyElseOnTheNodeReadsTheInventory(backend: BackendUnderTest, user: User) async throws {
        try await CommandLine.with(backend) { command in
            let script = """
                stat -c '%a %U' "$CLUSTER_INVENTORY"
                python3 -c 'import json, os
                for each in json.load(open(os.environ["CLUSTER_INVENTORY"]))["nodes"][0]["users"]:
                    print(each["name"], "password" in each)' | sort
                """
            let words = ["--password-logins", "--user", "\(user)", "--inside", "node1", "--", "sh", "-c", script]
            let run = try await command.run(["run"] + words)
            let root = user == .root ? "root True" : "root False"
            #expect(run.lines == ["600 \(user)", root, "ubuntu True"], "\(run)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func howACommandEndsIsTold(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            for (script, code) in [("exit 3", Int32(3)), ("exit 255", 255), ("kill -TERM $$", 143), ("nosuch", 127)] {
                let run = try await command.run("run", "--inside", "node1", "--", "sh", "-c", script)
                #expect(run.exitCode == code, "\(script): \(run)")
                #expect(!run.standardError.contains("Terminated"))
            }
            let input = try await Command(
                CommandLine.path, ["run", "--inside", "node1", "--", "sh", "-c", "cat; echo error >&2"],
                environment: command.environment
            ).output(input: Array("in\n".utf8), limit: .seconds(120))
            #expect(input.standardOutput == "in\n" && input.standardError.contains("error\n"), "\(input)")
        }
    }

    /// Sends a signal, or Ctrl-C at a terminal, when the command says that it has begun, and prints what came and how it ended.
    private static let signalled = """
        import os, pty, signal, subprocess, sys
        how, words = sys.argv[1], sys.argv[2:]
        def until_begun(read):
            seen = b""
            while b"begun" not in seen:
                part = read()
                if not part: sys.exit("ended early: " + repr(seen))
                seen += part
        if how == "terminal":
            process, terminal = pty.fork()
            if process == 0: os.execv(words[0], words)
            until_begun(lambda: os.read(terminal, 1000))
            os.write(terminal, b"\\x03")
            rest = b""
            while True:
                try: part = os.read(terminal, 1000)
                except OSError: break
                if not part: break
                rest += part
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            print("got" if b"got" in rest else rest, code)
        else:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            until_begun(lambda: process.stdout.read1(1000))
            process.send_signal(getattr(signal, how))
            rest = process.stdout.read()
            print("got" if b"got" in rest else rest, process.wait())
        """

    @Test(arguments: try await BackendUnderTest.usable(), ["SIGTERM", "SIGINT", "SIGHUP", "terminal"])
    func signalsReachTheCommand(backend: BackendUnderTest, how: String) async throws {
        try await CommandLine.with(backend) { command in
            let name = how == "terminal" ? "INT" : how.dropFirst(3)
            let script = "trap 'echo got; exit 9' \(name); echo begun; while :; do sleep 0.1; done"
            let words = ["run", "--inside", "node1", "--", "sh", "-c", script]
            let output = try await Command(
                "python3", ["-c", Self.signalled, how, CommandLine.path] + words, environment: command.environment
            ).output(limit: .seconds(120))
            #expect(output.standardOutput == "got 9\n", "\(output)")
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func whatTheNodeDoesNotSeeIsNamedWithItsMount(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            // A virtual environment in the folder that is seen, of a Python that is not.
            let folder = command.folder
            let script = """
                mkdir -p "$1/here/env/bin" "$1/python/bin" && cd "$1"
                printf '#!/bin/sh\\necho interpreted "$@"\\n' >python/bin/python3.99 && chmod +x python/bin/python3.99
                ln -s "$1/python/bin/python3.99" here/env/bin/python
                printf '#!%s/here/env/bin/python\\n' "$1" >here/env/bin/tool
                printf '#!/usr/bin/env python3.99\\n' >here/by-env && chmod +x here/by-env here/env/bin/tool
                """
            #expect(try await Command("sh", ["-c", script, "sh", folder]).output().succeeded)
            let path = folder + "/python/bin:" + ProgramPath.own
            func run(_ words: String) async throws -> CommandOutput {
                let line = "cd \"$1\" && shift && exec \"$@\""
                let all =
                    ["-c", line, "sh", folder + "/here", CommandLine.path]
                    + words.split(separator: " ").map(String.init)
                return try await Command("sh", all, environment: command.environment.merging(["PATH": path]) { $1 })
                    .output(limit: .seconds(120))
            }
            let mount = "--mount \(folder)/python:\(folder)/python:ro"
            for program in [
                "env/bin/python", "env/bin/tool", "./by-env", "python3.99", folder + "/python/bin/python3.99",
            ] {
                let missing = try await run("run --inside node1 -- \(program)")
                #expect(missing.exitCode == 70, "\(missing)")
                #expect(missing.standardError.contains(mount), "\(program): \(missing.standardError)")
                #expect(missing.standardError.contains("can't be run on node1"))
            }
            let shown = try await run("run --inside node1 \(mount) -- env/bin/tool word")
            #expect(shown.standardOutput == "interpreted env/bin/tool word\n", "\(shown)")
            let nowhere = try await run("run --inside node1 -- /nowhere/program")
            #expect(nowhere.exitCode == 70)
            #expect(nowhere.standardError.contains("/nowhere/program is not on this machine either"))
        }
    }
}
