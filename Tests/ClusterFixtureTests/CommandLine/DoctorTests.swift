#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What `doctor` says of machines that lack something, each played by a user who lacks it.
@Suite(.enabled("only root can play another user") { geteuid() == 0 }, .timeLimit(.minutes(2)))
struct DoctorTests {
    /// `doctor` as the user `nobody`, who has no range of numbers for users of his own, in an environment of its own.
    private func doctor(_ environment: [String: String], socket: Bool = false) async throws -> CommandOutput {
        try await withTemporaryFolder { folder in
            chmod(folder, 0o755)
            let program = folder + "/cluster-fixture"
            try FileManager.default.copyItem(atPath: CommandLine.path, toPath: program)
            if socket { try await makeSocketForRootOnly(folder + "/docker.sock") }
            let variables = environment.mapValues { $0.replacing("FOLDER", with: folder) }.map { "\($0)=\($1)" }
            let words =
                ["--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i"] + variables.sorted() + [
                    program, "doctor",
                ]
            return try await Command("setpriv", words).output(limit: .seconds(60))
        }
    }

    /// A socket as an engine has it, which only root may connect to.
    private func makeSocketForRootOnly(_ path: String) async throws {
        let script = """
            import os, socket, sys
            socket.socket(socket.AF_UNIX).bind(sys.argv[1])
            os.chmod(sys.argv[1], 0o600)
            """
        let made = try await Command("python3", ["-c", script, path]).output()
        try #require(made.succeeded, "\(made.complaint)")
    }

    @Test func aMachineWithNothing() async throws {
        let output = try await doctor(["PATH": "/nowhere", "TMPDIR": "FOLDER", "HOME": "FOLDER"])
        #expect(output.exitCode == 69)
        let text = output.standardOutput
        #expect(
            text.contains("MISSING  OpenSSH's client: ssh, scp, ssh-keygen not found"), "\(text)\(output.standardError)"
        )
        #expect(text.contains("apt-get install openssh-client"))
        #expect(text.contains("MISSING  a backend"))
        #expect(text.contains("The program `docker` is not on this machine."))
        #expect(text.contains("/etc/subuid sets no 65535 numbers aside") && text.contains("usermod --add-subuids"))
    }

    @Test(.requiresProgram("docker")) func anEngineWhoseSocketIsNotForThisUser() async throws {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let output = try await doctor(
            ["PATH": path, "TMPDIR": "FOLDER", "HOME": "FOLDER", "DOCKER_HOST": "unix://FOLDER/docker.sock"],
            socket: true)
        let text = output.standardOutput
        #expect(text.contains("ok       OpenSSH's client"), "\(text)\(output.standardError)")
        #expect(text.lowercased().contains("permission denied"), "\(text)")
        #expect(text.contains("usermod --append --groups docker nobody"))
    }
}
#endif
