#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What another user of the machine puts in our way to pass for a cluster of ours.
@Suite(.requiresOrdinaryUser, .requiresNamespaces, .timeLimit(.minutes(5)))
struct StrangersClustersTests {
    /// Whose the process is that bears a lifeline's name.
    enum Process: Sendable, CaseIterable {
        /// A set-user-ID program's: root's as far as `/proc` tells, but started by the stranger.
        case setUserID
        /// Root's own through and through, standing in the stranger's folder.
        case roots
    }

    @Test(arguments: Process.allCases) func aStrangersProcessIsNotTakenForALifeline(kind: Process) async throws {
        try await withOrdinaryUser { stranger in
            let name = "prod-" + String(Int.random(in: 100_000..<999_999))
            let cluster = ClusterID.random()
            let program = stranger.home + "/cf-lifeline"
            try FileManager.default.copyItem(atPath: #require(ProgramPath.find("sleep")), toPath: program)
            chmod(program, kind == .setUserID ? 0o4755 : 0o755)
            let folder = "\(stranger.home)/\(cluster.folderName)"
            try await stranger.script("umask 077; mkdir \"$1\" \"$1/m\"", folder)
            let start = #"cd "$1" && { "$2" 600 </dev/null >/dev/null 2>&1 & } && echo $!"#
            let started: CommandOutput
            switch kind {
            case .setUserID: started = try await stranger.script(start, folder + "/m", program)
            case .roots: started = try await Command("sh", ["-euc", start, "sh", folder + "/m", program]).output()
            }
            let processID = try #require(Int32(started.lines.first ?? ""), "\(started.complaint)")
            defer { kill(processID, SIGKILL) }
            try await expectDisguise(processID, in: folder + "/m", realUser: kind == .roots ? 0 : stranger.number)
            #expect(ProcessIdentity.isOwn(processID) == (kind == .roots))
            let proof = stranger.home + "/proof"
            try await forge(folder, cluster, name, processID, as: stranger, proof: proof)

            let found = await ClusterCatalog.all(includingRemains: true)
            #expect(!found.contains { $0.summary.name == name || $0.summary.id == cluster })
            try await CommandLine.with(.namespaces) { command in
                #expect(try await !command.run("list").standardOutput.contains(name))
                #expect(try await command.run("ssh", name + "/node1", "--", "true").exitCode == 64)
                #expect(!FileManager.default.fileExists(atPath: proof))
                // The name is free.
                let up = try await command.run("up", "--name", name)
                #expect(up.exitCode == 0, "\(up.standardError)")
                #expect(try await command.run("down", name).exitCode == 0)
            }
            #expect(kill(processID, 0) == 0, "it is left alone")
        }
    }

    /// The attack is what it is meant to be: a process that looks like root's lifeline.
    private func expectDisguise(_ processID: Int32, in folder: String, realUser: UInt32) async throws {
        let proc = "/proc/\(processID)"
        let isThere = try await eventually {
            (try? String(contentsOfFile: proc + "/comm", encoding: .utf8)) == "cf-lifeline\n"
        }
        try #require(isThere)
        #expect(try FileManager.default.attributesOfItem(atPath: proc)[.ownerAccountID] as? Int == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: proc + "/cwd") == folder)
        let status = try String(contentsOfFile: proc + "/status", encoding: .utf8)
        #expect(status.contains("Uid:\t\(realUser)\t0\t0\t0"))
    }

    /// Everything that a cluster's folder has, with an ssh_config that runs the stranger's command.
    private func forge(
        _ folder: String, _ cluster: ClusterID, _ name: String, _ processID: Int32, as stranger: OrdinaryUser,
        proof: String
    ) async throws {
        let identity = try #require(ProcessIdentity(running: processID))
        let inventory = """
            {"version": 1, "name": "\(name)", "id": "\(cluster)", "backend": "namespaces",
             "sshConfig": "\(folder)/ssh_config", "knownHosts": "\(folder)/known_hosts",
             "nodes": [{"name": "node1", "host": "127.0.0.1", "port": 1, "ip": "198.18.0.11", "hostKey": "x",
                        "publishedPorts": [], "users": []}]}
            """
        let files = [
            "lifeline": "\(identity.text)\n\(name)", "inventory.json": inventory, "known_hosts": "",
            "owner": ClusterMark(owner: identity, cluster: cluster, backend: "namespaces").text,
            "ssh_config": "Host *\n  ProxyCommand touch \(proof)\n",
        ]
        for (file, text) in files {
            try await stranger.script("umask 077; printf %s \"$2\" >\"$1\"", "\(folder)/\(file)", text)
        }
    }

    @Test func aFolderOfClaimsThatAStrangerMadeIsRefused() async throws {
        try await withOrdinaryUser { stranger in
            try await stranger.script("mkdir -p cache/cluster-fixture/names")
            try await CommandLine.with(.namespaces) { command in
                let up = try await command.run(
                    "up", "--name", "lab", environment: ["XDG_CACHE_HOME": stranger.home + "/cache"])
                #expect(up.exitCode == 64)
                #expect(up.standardError.contains("/cluster-fixture/names can't be used: it belongs to another user"))
                #expect(try await command.left() == [])
            }
        }
    }
}
#endif
