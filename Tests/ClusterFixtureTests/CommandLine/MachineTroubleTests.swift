#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Machines that lack something, each made in a mount namespace of its own: one clear sentence each, the exit code that is
/// documented, and nothing left.
@Suite(
    .requiresNamespaces, .enabled("only root can mount") { geteuid() == 0 }, .timeLimit(.minutes(5)))
struct MachineTroubleTests {
    /// What is wrong with a machine, and what is said.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Shell lines that make the trouble, in a folder of the test's own, where `TMPDIR` is `$PWD/tmp`.
        let making: String
        var words = ["run", "--", "true"]
        let sentence: String
        let remedy: String
    }

    static let troubles = [
        Trouble(
            testDescription: "little address space", making: "ulimit -v 400000",
            sentence: "This process may have 390 MiB of address space, and a cluster needs", remedy: "ulimit -v"),
        Trouble(
            testDescription: "few open files", making: "ulimit -n 60", words: ["run", "--nodes", "40", "--", "true"],
            sentence: "A cluster of 40 nodes needs 104 open files, and this process may have 60", remedy: "ulimit -Hn"),
        Trouble(
            testDescription: "no room in files", making: "ulimit -f 0",
            sentence: "could not be written: File too large", remedy: "TMPDIR"),
        Trouble(
            testDescription: "a full disk for clusters", making: "mount -t tmpfs -o size=40k tmpfs tmp",
            sentence: "could not be written: No space left on device", remedy: "TMPDIR"),
        Trouble(
            testDescription: "a read-only disk for clusters", making: "mount -t tmpfs -o ro tmpfs tmp",
            sentence: "could not be made: Read-only file system", remedy: "TMPDIR"),
        Trouble(
            testDescription: "no folder for clusters", making: "rmdir tmp",
            sentence: "could not be made: No such file or directory", remedy: "Set TMPDIR to a folder that exists"),
        Trouble(
            testDescription: "no execution among temporary files", making: "mount -t tmpfs -o noexec tmpfs tmp",
            sentence: "Programs can't be run in", remedy: "--no-shims"),
        Trouble(
            testDescription: "a full disk for the cache", making: "mount -t tmpfs -o size=100k tmpfs home",
            sentence: "could not be made: mmdebstrap failed", remedy: "XDG_CACHE_HOME"),
        Trouble(
            testDescription: "a read-only home", making: "mount -t tmpfs -o ro tmpfs home",
            sentence: "could not be made: Read-only file system", remedy: "XDG_CACHE_HOME"),
        Trouble(
            testDescription: "a read-only home and a name", making: "mount -t tmpfs -o ro tmpfs home",
            words: ["up", "--name", "trouble"], sentence: "could not be made: Read-only file system",
            remedy: "XDG_CACHE_HOME"),
        Trouble(
            testDescription: "a file in the place of the home", making: "rmdir home; touch home",
            sentence: "could not be made: Not a directory", remedy: "XDG_CACHE_HOME"),
    ]

    /// Runs the command after the shell lines. Standard output gets what is left of clusters then.
    private func run(_ making: String, _ words: [String], in folder: String) async throws -> CommandOutput {
        let script = """
            program=$1; cd "$2"; shift 2
            mkdir tmp home
            export TMPDIR=$PWD/tmp CLUSTER_FIXTURE_BACKEND=namespaces
            \(making)
            "$program" "$@"
            code=$?
            find tmp -mindepth 1
            exit $code
            """
        let unshare = ["--mount", "sh", "-c", script, "sh", CommandLine.path, folder] + words
        return try await Command("unshare", unshare).output(limit: .seconds(100))
    }

    @Test(arguments: troubles) func troubleIsOneSentence(trouble: Trouble) async throws {
        try await withTemporaryFolder { folder in
            // Only where the home is in trouble itself is the cache anywhere else than usual.
            let isAboutHome = trouble.making.contains("home") || trouble.making.contains("HOME")
            let home = isAboutHome ? "unset XDG_CACHE_HOME; HOME=$PWD/home\n" : ""
            let output = try await run(home + trouble.making, trouble.words, in: folder)
            #expect(output.exitCode == 70, "\(output.standardError)")
            let said = try #require(
                output.standardError.split(separator: "\n").last { $0.hasPrefix("cluster-fixture: ") })
            #expect(said.contains(trouble.sentence) && said.contains(trouble.remedy), "\(said)")
            #expect(!output.standardError.contains("Error Domain"), "\(output.standardError)")
            #expect(output.standardOutput == "")
            let left = try ProcessTable.commandLines(containing: folder)
            #expect(left == [])
        }
    }

    /// Each has a meaning in a file or a line that a cluster's folder is written into.
    static let names = ["a,b", "a:b", "a'b", "a\"b", "a\nb", "a\\b", "a%b", "a$b", "a{{b}}", "a#b"]

    @Test(arguments: names) func temporaryFoldersWithSpecialCharactersAreNotUsed(name: String) async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            let script = #"ssh node1 hostname; scp -q /etc/hostname node1:x && echo "${CLUSTER_INVENTORY%%/cf-*}""#
            let output = try await Command(
                CommandLine.path, ["run", "--", "sh", "-c", script],
                environment: ["TMPDIR": folder + "/" + name, "CLUSTER_FIXTURE_BACKEND": "namespaces"]
            ).output(limit: .seconds(100))
            #expect(output.standardOutput == "node1\n/tmp\n", "\(output.standardError)")
            #expect(output.standardError.contains("TMPDIR has characters besides letters"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/" + name) == [])
        }
    }

    @Test func theRestOfTemporaryFoldersIsUsed() async throws {
        try await withTemporaryFolder { folder in
            let temporary = folder + "/ä b-c_d+e@f.g"
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
            let script = #"ssh node1 hostname; scp -q /etc/hostname node1:x && echo "${CLUSTER_INVENTORY%%/cf-*}""#
            let output = try await Command(
                CommandLine.path, ["run", "--", "sh", "-c", script],
                environment: ["TMPDIR": temporary, "CLUSTER_FIXTURE_BACKEND": "namespaces"]
            ).output(limit: .seconds(100))
            #expect(output.standardOutput == "node1\n\(temporary)\n", "\(output.standardError)")
        }
    }

    @Test func aMachineWithoutSharedMemoryWillDo() async throws {
        try await withTemporaryFolder { folder in
            let making = """
                mkdir dev
                mount -t tmpfs tmpfs dev
                cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev
                mkdir dev/pts
                mount --move dev /dev
                """
            let words = [
                "run", "--", "sh", "-c", "ssh node1 'test -w /dev/shm && hostname'; test -e /dev/shm; echo $?",
            ]
            let output = try await run(making, words, in: folder)
            #expect(output.standardOutput == "node1\n1\n", "\(output.standardError)")
        }
    }

    /// overlayfs and mount(8) quote such names each in a way of their own: no path comes to them.
    @Test func aHomeMayHaveAnyName() async throws {
        try await withTemporaryFolder { folder in
            let making = #"""
                unset XDG_CACHE_HOME
                odd="$PWD/a,b:c\d \"e"
                mkdir -p "$odd/.cache"
                mount --bind ~/.cache "$odd/.cache"
                HOME=$odd
                """#
            let output = try await run(making, ["run", "--", "ssh", "node1", "hostname"], in: folder)
            #expect(output.standardOutput == "node1\n", "\(output.standardError)")
        }
    }

    /// Ids are random, so that this hardly happens. Nobody's interface is taken for the cluster's own.
    @Test func anInterfaceThatHasTheClustersNameIsLeftAlone() async throws {
        let plan = try ClusterPlan(ClusterConfiguration(backend: .namespaces))
        let interface = "cf\(plan.id)"
        let made = try await Command("ip", ["link", "add", interface, "type", "bridge"]).output()
        try #require(made.succeeded, "\(made.complaint)")
        let backend = NamespacesBackend()
        try plan.workspace.create(for: backend.name)
        let folder = plan.workspace.keysFolder
        let credentials = try await Credentials.make(
            nodes: plan.nodeNames, folder: folder, ownKeys: OwnKeys(folder: folder))
        let cluster = try await backend.provision(plan, credentials: credentials) {
            try await PreparedImages([.node], by: backend, timeline: Timeline())
        }
        let error = await #expect(throws: ClusterError.self) { try await cluster.joined() }
        #expect(error?.code == .provisioningFailed)
        #expect(error?.message.contains("File exists") == true, "\(error as Any)")
        try await cluster.destroy()
        try plan.workspace.remove()
        let shown = try await Command("ip", ["-details", "link", "show", interface]).output()
        #expect(shown.standardOutput.contains(" bridge "), "\(shown.complaint)")
        _ = try await Command("ip", ["link", "delete", interface]).output()
    }
}
#endif
