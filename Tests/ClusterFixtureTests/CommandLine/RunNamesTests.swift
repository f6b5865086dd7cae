#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Under `run`, every program of root's knows the nodes by name, and nothing else has changed for it.
@Suite(.requiresBackend, .requiresRoot, .timeLimit(.minutes(5)))
struct RunNamesTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func programsThatReadNoSSHConfigurationKnowTheNodes(backend: BackendUnderTest) async throws {
        let script = """
            set -e
            getent hosts node2 | awk '{ print $2, $3 }'
            test "$(getent hosts node1 | awk '{ print $1 }')" = "$CLUSTER_NODE1_IP"
            test "$(getent hosts host.cluster | awk '{ print $1 }')" = "$CLUSTER_HOST_IP"
            getent hosts localhost >/dev/null
            ssh-keyscan -t ed25519 node1 2>/dev/null >scanned
            test "$(cut -d' ' -f2,3 scanned)" = "$(ssh-keygen -F node1 -f "$CLUSTER_KNOWN_HOSTS" | sed -n '/^node1,.*ed25519/s/^[^ ]* //p')"
            ssh node2 'cd /tmp; echo page >page; (python3 -m http.server 8080 >/dev/null 2>&1 &)'
            until curl --silent --noproxy '*' http://node2:8080/page; do sleep 0.1; done
            /usr/bin/ssh node1 hostname
            /usr/bin/ssh -J root@node1 root@node2.$CLUSTER_NAME.test 'hostname; id -un'
            /usr/bin/ssh -o BatchMode=yes -o UserKnownHostsFile=/dev/null node1 hostname 2>/dev/null || echo refused
            """
        try await CommandLine.with(backend) { command in
            let name = "names-\(Int.random(in: 100_000..<999_999))"
            let words = ["sh", "-c", "cd \(shellQuoted(command.folder)) && " + script]
            let run = try await run(command, ["--nodes", "2", "--name", name], words)
            #expect(
                run.lines == ["node2.\(name).test node2", "page", "node1", "node2", "root", "refused"],
                "\(run.standardError)")
        }
    }

    private func run(_ command: CommandLine, _ options: [String], _ words: [String]) async throws -> CommandOutput {
        try await Command(
            CommandLine.path, ["run"] + options + ["--"] + words, environment: command.environment
        ).output(limit: .seconds(120))
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func nothingElseChangesForTheCommand(backend: BackendUnderTest) async throws {
        let script = """
            id; pwd; umask; ulimit -n; cat /proc/self/status | grep -E '^(SigBlk|Cap|NoNewPrivs|Seccomp:|Groups)'
            for space in cgroup ipc net pid user uts; do readlink /proc/self/ns/$space; done
            grep -v -e ' /etc/hosts ' -e ' /etc/ssh/ssh_config ' /proc/self/mountinfo | cut -d' ' -f5 | sort
            """
        try await CommandLine.with(backend) { command in
            let run = try await run(command, [], ["sh", "-c", script])
            let plain = try await self.run(command, ["--no-shims"], ["sh", "-c", script])
            #expect(run.exitCode == 0 && run.standardOutput == plain.standardOutput, "\(run.standardError)")
            // And nobody else sees what it sees.
            let outside =
                "grep -c node1 /etc/hosts; cd /proc/$PPID; grep -c node1 root/etc/hosts; grep -c ' /etc/hosts' mountinfo"
            #expect(try await self.run(command, [], ["sh", "-c", outside]).lines == ["1", "0", "0"])
            #expect(try await command.left() == [])
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func exitCodesAndSignalsAreTheCommands(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            for (words, code) in [
                (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 143), (["/nowhere/program"], 127),
                (["/etc"], 126), (["sh", "-c", "kill -USR1 $$; exit 1"], 138),
            ] as [([String], Int32)] {
                #expect(try await run(command, [], words).exitCode == code, "\(words)")
            }
            let terminal = Command(CommandLine.path, ["run", "--", "sh", "-c", "tty; test -t 0 && echo terminal"]).line
            let typed = try await Command(
                "script", ["--quiet", "--return", "--command", terminal, "/dev/null"], environment: command.environment
            ).output()
            #expect(typed.standardOutput.contains("/dev/pts/") && typed.standardOutput.contains("terminal"))
            #expect(try await command.left() == [])
        }
    }

    /// autossh starts `/usr/bin/ssh` by its path; mosh asks ssh where a node is, and sends datagrams there.
    @Test(
        .requiresProgram("autossh"), .requiresProgram("mosh"), .requiresProgram("script"),
        .requiresOutside,
        arguments: try await BackendUnderTest.usable())
    func autosshAndMoshReachANode(backend: BackendUnderTest) async throws {
        let script = """
            AUTOSSH_GATETIME=0 autossh -M 0 -N -o ExitOnForwardFailure=yes -L 127.0.0.1:"$1":127.0.0.1:22 root@node1 &
            until ssh-keyscan -p "$1" 127.0.0.1 2>/dev/null | grep -q ed25519; do sleep 0.1; done
            kill $!
            wait
            echo through
            """
        try await CommandLine.with(backend) { command in
            let port = try Listener(.hangUp).port
            let forward = try await run(command, [], ["bash", "-c", script, "bash", "\(port)"])
            #expect(forward.lines.last == "through", "\(forward.standardError)")
            let install = "apt-get update -q && apt-get install -q -y --no-install-recommends mosh >/dev/null"
            // mosh shows what is on the node's screen when it looks: what is there for a moment only may be missed.
            let words = "stty rows 24 cols 80; mosh node1 -- sh -c 'echo node: $(hostname); sleep 1'"
            let mosh = "ssh root@node1 \"$0\" && script --quiet --return --command \(shellQuoted(words)) /dev/null"
            let output = try await Command(
                CommandLine.path, ["run", "--outside", "--", "sh", "-c", mosh, install],
                environment: command.environment.merging(["LC_ALL": "C.UTF-8", "TERM": "xterm"]) { $1 }
            ).output(limit: .seconds(240))
            #expect(output.standardOutput.contains("node: node1"), "\(output.standardError)")
        }
    }
}
#endif
