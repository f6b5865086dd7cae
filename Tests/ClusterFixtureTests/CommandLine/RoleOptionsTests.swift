import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// Roles, services and sites by the command line.
@Suite(.requiresBackend, .timeLimit(.minutes(3))) struct RoleOptionsTests {
    @Test(arguments: try await BackendUnderTest.usable())
    func rolesAndServicesAreOptions(backend: BackendUnderTest) async throws {
        try await CommandLine.with(backend) { command in
            let name = "roles-\(Int.random(in: 100_000..<999_999))"
            try """
            roles: [{name: compute, environment: {WHERE: below}}]
            services: [{sharedFolder: /home}]
            """.write(toFile: command.folder + "/lab.yaml", atomically: true, encoding: .utf8)
            let up = try await command.run(
                "up", "-f", command.folder + "/lab.yaml", "--role", "login", "--role", "compute=2", "--service",
                "shared-folder=/shared", "--site", "university", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            let list = try await command.run("list")
            #expect(list.standardOutput.contains("1 login, 2 compute"), "\(list.standardOutput)")
            #expect(list.standardOutput.contains("shared-home, shared-shared"))
            let line = "hostname; echo $WHERE; touch ~/here /shared/there"
            let ran = try await command.run("ssh", name + "/compute2", "--", line)
            #expect(ran.standardOutput == "compute2\nbelow\n", "\(ran.standardError)")
            let seen = try await command.run("ssh", name, "--", "hostname; ls ~/here /shared/there")
            #expect(seen.standardOutput == "login1\n/home/ubuntu/here\n/shared/there\n", "\(seen.standardError)")
            let inventory = try await command.run("inventory", name, "--format", "ansible")
            #expect(inventory.standardOutput.contains("[compute]\ncompute1\ncompute2\n"))
            let open = try await command.run("open", name, "shared-home")
            #expect(open.exitCode == 64 && open.standardError.contains("nothing to be opened"))
            let near = try await command.run("open", name, "shared-hom")
            #expect(near.exitCode == 64 && near.standardError.contains("Did you mean shared-home?"))
            #expect(try await command.run("down", name).exitCode == 0)
        }
    }

    @Test(arguments: [
        (["--role", "login", "--nodes", "2"], "leave out --nodes"), (["--role", "login=x"], "login=x"),
        (["--role", "Login"], "The role"), (["--site", "moon"], "university"), (["--service", "slrum"], "no service"),
        (["--service", "shared-folder=/etc"], "can't be shared"),
        (["--service", "shared-folder={size: 1g}"], "no path"),
    ])
    func whatCantBeIsRefused(words: [String], message: String) async throws {
        try await CommandLine.with(BackendUnderTest.usable()[0]) { command in
            let up = try await command.run(["up"] + words)
            #expect(up.exitCode == 64)
            #expect(up.standardError.contains(message), "\(up.standardError)")
        }
    }
}
