import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Clusters that are kept ready for other processes, as any language's tests have them.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(5)))
struct PoolTests {
    /// Runs a closure with a pool, which is gone after it, with everything of it.
    private func withPool(
        _ backend: BackendUnderTest, _ words: String..., body: (CommandLine, String) async throws -> Void
    ) async throws {
        try await CommandLine.with(backend) { command in
            let name = "pool-\(Int.random(in: 100_000..<999_999))"
            let started = try await command.run(["pool", "start", "--name", name] + words)
            try #require(started.exitCode == 0, "\(started.standardError)")
            #expect(started.standardOutput == name + "\n")
            do { try await body(command, name) } catch {
                _ = try await command.run("pool", "stop", name)
                throw error
            }
            if PoolFolder.all().contains(where: { $0.name == name }) {
                let stopped = try await command.run("pool", "stop", name)
                #expect(stopped.exitCode == 0, "\(stopped.standardError)")
            }
            // Nothing is left when it says so.
            #expect(try await command.left() == [])
            #expect(!PoolFolder.all().contains { $0.name == name })
        }
    }

    private func status(_ name: String, _ command: CommandLine) async throws -> PoolMessage.Status {
        let output = try await command.run("pool", "list", "--json")
        let all = try JSONDecoder().decode([PoolMessage.Status].self, from: Data(output.standardOutput.utf8))
        return try #require(all.first { $0.name == name })
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aCommandHasAClusterThatWasReadyBefore(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, "--nodes", "2", "--size", "1") { command, name in
            let before = try await status(name, command)
            #expect((before.ready, before.size, before.nodes, before.leased) == (1, 1, 2, 0))
            #expect(before.owner == getpid())
            let ready = await ClusterCatalog.all().first { $0.summary.name.hasPrefix(name) && $0.inventory != nil }
            let script = "echo $CLUSTER_NAME; ssh node2 hostname; cat >/dev/null; exit 7"
            let output = try await command.run("lease", "--pool", name, "--", "sh", "-c", script)
            #expect(output.exitCode == 7)
            #expect(output.lines == [ready?.summary.name, "node2"])
            // It went with the command, and another one is there.
            let isAnother = try await eventually {
                let status = try await status(name, command)
                let names = await ClusterCatalog.all().map(\.summary.name)
                return status.ready == 1 && status.leased == 0 && ready.map { !names.contains($0.summary.name) } == true
            }
            #expect(isAnother)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func eachOfManyWorkersHasItsOwn(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, "--size", "2") { command, name in
            let names = try await withThrowingTaskGroup(of: String.self) { group in
                for worker in 1...6 {
                    group.addTask {
                        let script =
                            "echo $CLUSTER_NAME; ssh node1 'ls /tmp/mine; echo \(worker) >/tmp/mine' 2>/dev/null"
                        return try await command.run("lease", "--pool", name, "--", "sh", "-c", script).standardOutput
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(names).count == 6)
            #expect(names.allSatisfy { $0.hasPrefix(name) && $0.split(separator: "\n").count == 1 }, "\(names)")
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aKilledLeaseTakesItsCommandAndItsClusterAlong(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, "--size", "1") { command, name in
            let file = "\(command.folder)/leased"
            let script = """
                \(CommandLine.path) lease --pool \(name) -- sh -c 'echo $$ $CLUSTER_NAME >\(file).new; mv \(file).new \(file); exec sleep 600' &
                until test -e \(file); do sleep 0.01; done
                kill -9 $!
                """
            let output = try await Command("bash", ["-c", script], environment: command.environment).output()
            #expect(output.exitCode == 0, "\(output)")
            let words = try String(contentsOfFile: file, encoding: .utf8).split(whereSeparator: \.isWhitespace)
            let process = try #require(words.first.flatMap { Int32($0) })
            let cluster = try #require(words.last.map(String.init))
            let isGone = try await eventually {
                let names = await ClusterCatalog.all(includingRemains: true).map(\.summary.name)
                return kill(process, 0) != 0 && !names.contains(cluster)
            }
            #expect(isGone)
            try FileManager.default.removeItem(atPath: file)
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func aClusterCanEndWithAnyProcessOfTheUsers(_ backend: BackendUnderTest) async throws {
        try await withPool(backend, "--size", "1") { command, name in
            let script = """
                eval "$(\(CommandLine.path) lease --pool \(name) --for-pid $$)"
                echo $CLUSTER_NAME
                ssh -F "$CLUSTER_SSH_CONFIG" node1 hostname
                """
            let output = try await Command("bash", ["-c", script], environment: command.environment).output()
            #expect(output.lines.count == 2 && output.lines.last == "node1", "\(output)")
            let isGone = try await eventually {
                let names = await ClusterCatalog.all(includingRemains: true).map(\.summary.name)
                return !names.contains(output.lines[0])
            }
            #expect(isGone)
            let words = ["lease", "--pool", name, "--for-pid", "\(getpid())", "--format", "json"]
            let inventory = try await command.run(words).standardOutput
            let read = try JSONDecoder().decode(Inventory.self, from: Data(inventory.utf8))
            #expect(read.name.hasPrefix(name))
        }
    }

    enum End: CaseIterable {
        case ownerEnds, isTerminated, isKilled
    }

    @Test(arguments: try await BackendUnderTest.usable(), End.allCases)
    func howeverAPoolEndsNothingIsLeft(_ backend: BackendUnderTest, _ end: End) async throws {
        try await CommandLine.with(backend) { command in
            let name = "pool-\(Int.random(in: 100_000..<999_999))"
            // The shell is the owner.
            let program = CommandLine.path
            let script = "\(program) pool start --name \(name) && \(program) pool list --json && read line"
            let (lines, continuation) = AsyncStream.makeStream(of: String.self)
            let input = Locked<Int32>(-1)
            let owner = Task {
                try await ProgramPipes.run(input: .descriptor(try end.input(input))) {
                    continuation.yield(String(decoding: $0, as: UTF8.self))
                } onError: {
                    continuation.yield(String(decoding: $0, as: UTF8.self))
                } program: {
                    try await Command("bash", ["-c", script], environment: command.environment).run(streams: $0)
                }
            }
            var said = ""
            for await text in lines {
                said += text
                if said.contains("]\n") { break }
            }
            let state = try await status(name, command)
            switch end {
            case .ownerEnds: close(input.withLock { $0 })
            case .isTerminated: kill(state.process, SIGTERM)
            case .isKilled: kill(state.process, SIGKILL)
            }
            let isGone = try await eventually {
                try await command.left().filter { !$0.contains("pool start") } == []
                    && !PoolFolder.all().contains { $0.name == name }
            }
            let left = try await command.left()
            #expect(isGone, "\(left)")
            if end != .ownerEnds { close(input.withLock { $0 }) }
            _ = try await owner.value
        }
    }

    @Test func whatCannotBeIsRefused() async throws {
        try await withPool(try #require(BackendUnderTest.usable().first), "--size", "1") { command, name in
            for (words, code, said) in [
                (["lease", "--pool", "nope", "--", "true"], 64, "no pool \"nope\""),
                (["lease", "--pool", name, "--for-pid", "999999999"], 70, "no process 999999999"),
                (["lease", "--pool", name, "--", "no-such-program"], 127, "no-such-program"),
                (["lease", "--pool", name], 64, "command"),
                (["lease", "--pool", name, "--for-pid", "1", "--", "true"], 64, "command"),
                (["pool", "start", "--name", name], 64, "already"),
                (["pool", "start", "--name", "a-name-that-is-far-too-long"], 64, "name"),
                (["pool", "start", "--size", "0", "--name", "none"], 64, "0 clusters"),
                (["pool", "start", "--nodes", "0", "--name", "none"], 64, "nodes"),
                (["pool", "start", "--owner", "999999999", "--name", "none"], 64, "999999999"),
                (["pool", "start", "--stay", "--owner", "1", "--name", "none"], 64, "--owner"),
                (["pool", "stop", "nope"], 64, "nope"),
            ] as [([String], Int32, String)] {
                let output = try await command.run(words)
                #expect(output.exitCode == code && output.standardError.contains(said), "\(words): \(output)")
            }
            #expect(try await status(name, command).size == 1)
        }
    }
}

extension PoolTests.End {
    /// A pipe's reading end, for a shell that ends when the writing end is closed.
    fileprivate func input(_ writing: Locked<Int32>) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writing.withLock { $0 = ends[1] }
        return ends[0]
    }
}
