#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// A real cluster's files, when somebody has been at them.
@Suite(.requiresOrdinaryUser, .requiresNamespaces, .timeLimit(.minutes(5)))
struct FoundFilesTests {
    /// What is done to a cluster's folder, by a shell that gets it as `$1` and a stranger's file as `$2`.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: String
        /// Whether the cluster is found all the same; its inventory never is.
        let isFound: Bool
    }

    static let tamperings = [
        Tampering(
            testDescription: "an inventory that is a link",
            script: #"mv "$1/inventory.json" "$2"; ln -s "$2" "$1/inventory.json""#,
            isFound: true),
        Tampering(
            testDescription: "an inventory of another user's", script: #"chown nobody "$1/inventory.json""#,
            isFound: true),
        Tampering(
            testDescription: "an inventory that others may write", script: #"chmod g+w "$1/inventory.json""#,
            isFound: true),
        Tampering(
            testDescription: "an inventory that is a named pipe",
            script: #"rm "$1/inventory.json"; mkfifo -m 600 "$1/inventory.json""#, isFound: true),
        Tampering(
            testDescription: "an inventory that names another ssh_config",
            script: #"sed -i "s|\"sshConfig\".*|\"sshConfig\": \"$2\",|" "$1/inventory.json""#, isFound: true),
        Tampering(
            testDescription: "an inventory of another cluster",
            script: #"sed -i 's|"id".*|"id": "0123456789",|' "$1/inventory.json""#, isFound: true),
        Tampering(
            testDescription: "an ssh_config that is a link",
            script: #"mv "$1/ssh_config" "$2"; ln -s "$2" "$1/ssh_config""#,
            isFound: true),
        Tampering(testDescription: "a folder that others may write", script: #"chmod g+wx "$1""#, isFound: false),
        Tampering(testDescription: "a folder of another user's", script: #"chown nobody "$1""#, isFound: false),
        Tampering(
            testDescription: "a folder that is a link",
            script: #"mv "$1" "$2.d"; ln -s "$2.d" "$1""#, isFound: false),
        Tampering(
            testDescription: "a mark of another cluster", script: #"sed -i '2s/.*/0123456789/' "$1/owner""#,
            isFound: false),
        Tampering(
            testDescription: "a lifeline's file that is a link",
            script: #"mv "$1/lifeline" "$2"; ln -s "$2" "$1/lifeline""#, isFound: false),
        Tampering(
            testDescription: "a lifeline's file that names another process",
            script: #"sed -i '1s/^[0-9]* /1 /' "$1/lifeline""#,
            isFound: false),
    ]

    @Test(arguments: tamperings) func whatSomebodyElseMayHaveWrittenIsNotUsed(tampering: Tampering) async throws {
        try await CommandLine.with(.namespaces) { command in
            let name = "tampered-" + String(Int.random(in: 100_000..<999_999))
            let up = try await command.run("up", "--name", name)
            try #require(up.exitCode == 0, "\(up.standardError)")
            let inventory = try #require(await ClusterCatalog.find(name).inventory)
            #expect(try await command.run("ssh", name, "--", "true").exitCode == 0)
            let folder = inventory.workspace.folder
            // However this ends, the cluster does.
            let text = try String(contentsOfFile: folder + "/lifeline", encoding: .utf8)
            let lifeline = try #require(text.split(separator: " ").first.flatMap { Int32($0) })
            defer { kill(lifeline, SIGKILL) }
            let saved = command.folder + "/saved"
            try await shell(#"cp -a "$1" "$2""#, folder, saved)
            try await shell(tampering.script, folder, command.folder + "/elsewhere")

            let ssh = try await command.run("ssh", name, "--", "true")
            #expect(ssh.exitCode == 64)
            #expect(
                ssh.standardError.contains(
                    tampering.isFound ? "is not ready yet, or its folder" : "There is no cluster"))
            #expect(await ClusterCatalog.all().contains { $0.summary.name == name } == tampering.isFound)

            // Put right, it is found again, and goes. No file is missing in between: without `kept`, another process that starts a
            // cluster at this moment would remove it. The lifeline stands in the folder `m`, which is not replaced.
            let repair = """
                if [ -L "$1" ]; then rm "$1"; mv "$3" "$1"; fi
                chown root "$1"
                chmod 700 "$1"
                cd "$2"
                for file in *; do
                    # At once: other processes sweep what is not marked as kept.
                    [ -d "$file" ] || { cp -a "$file" "$1/.new"; mv -fT "$1/.new" "$1/$file"; }
                done
                """
            try await shell(repair, folder, saved, command.folder + "/elsewhere.d")
            #expect(try await command.run("down", name).exitCode == 0)
            try FileManager.default.removeItem(atPath: saved)
            #expect(try await command.left() == [])
        }
    }

    private func shell(_ script: String, _ words: String...) async throws {
        let output = try await Command("sh", ["-euc", script, "sh"] + words).output()
        try #require(output.succeeded, "\(output.complaint)")
    }
}
#endif
