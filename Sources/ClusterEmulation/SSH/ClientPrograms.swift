import CScripts
import Foundation

/// OpenSSH's programs as the command finds them that `cluster-fixture run` runs: they know a cluster's nodes, and all other hosts as
/// ever.
package struct ClientPrograms {
    private let inventory: Inventory
    private var workspace: Workspace { inventory.workspace }
    /// The folder to be put in front of PATH.
    package var folder: String { workspace.folder + "/bin" }

    package init(_ inventory: Inventory) { self.inventory = inventory }

    /// The options that a program's own getopt(3) takes, as in OpenSSH 9 and 10.
    private static let options = [
        "ssh": "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy",
        "scp": "12346ABCTdfOpqRrstvD:F:J:M:P:S:c:i:l:o:X:",
        "sftp": "1246AafhNpqrvCc:D:i:l:o:s:S:b:B:F:J:P:R:X:",
    ]

    /// Writes the programs into the cluster's folder.
    ///
    /// - Throws: ``ClusterError`` if programs can't be run there.
    package func write() throws {
        let own = (try? String(contentsOfFile: Self.systemConfiguration, encoding: .utf8)) ?? ""
        try Workspace.write(own, to: ownSystemConfiguration)
        let configurations = try [true, false].map(configuration)
        let script = workspace.folder + "/ssh-client"
        try Workspace.write(String(cString: ssh_client_script()), to: script)
        try Workspace.makeFolder(folder)
        for (program, options) in Self.options.sorted(by: { $0.key < $1.key }) {
            guard let real = ProgramPath.findByName(program) else { continue }
            let words = (["/bin/sh", script, real, options] + configurations).map(shellQuoted).joined(separator: " ")
            try Workspace.write("#!/bin/sh\nexec \(words) \"$@\"\n", to: "\(folder)/\(program)", mode: 0o700)
        }
        // On a file system without execution (noexec), the shell would silently take the next ssh on PATH.
        if access(folder + "/ssh", X_OK) != 0 {
            throw ClusterError(
                .provisioningFailed,
                "Programs can't be run in \(workspace.folder), so plain ssh would not find the nodes there.",
                remedy: "Set TMPDIR to a folder that is not mounted noexec, or use --no-shims.")
        }
    }

    /// Writes the programs' configuration, which goes on with the user's and the system's. What stands first counts.
    ///
    /// - Returns: The file.
    private func configuration(keys: Bool) throws -> String {
        // An Include belongs to the block it stands in, so that this one is for all hosts.
        func include(_ file: String) -> String { "Host *\n  Include \(file)\n\n" }
        let text =
            try inventory.openSSHText(keys: keys, own: include("~/.ssh/config"))
            + include(SSHConfiguration.path(ownSystemConfiguration))
        let file = workspace.folder + (keys ? "/run_config" : "/run_config.keyless")
        try Workspace.write(text, to: file)
        return file
    }

    private static let systemConfiguration = "/etc/ssh/ssh_config"

    /// A copy of the system's own, since the command may see another in its place.
    private var ownSystemConfiguration: String { workspace.folder + "/system_config" }

    /// What the command sees in the place of this machine's `/etc/hosts` and `/etc/ssh/ssh_config`, so that every program knows the
    /// nodes by name, `/usr/bin/ssh` itself included.
    ///
    /// Only root may mount, and the names lead somewhere only where this machine reaches the nodes by their addresses. (In a user
    /// namespace an ordinary user could mount, but would not be the same any more: without their groups, without sudo.)
    ///
    /// - Returns: The files; none where it can't be had.
    package func files() throws -> [ShownFile] {
        #if os(Linux)
        guard let hostIP = inventory.hostIP, geteuid() == 0 else { return [] }
        let hosts = try "\(hostIP) \(NodeFiles.hostName)\n" + inventory.text(.hosts)
        return try [
            shown("hosts", at: "/etc/hosts") { hosts + $0 },
            shown("ssh_config.system", at: Self.systemConfiguration) { own in
                try inventory.openSSHText() + "Host *\n" + own
            },
        ].compactMap(\.self)
        #else
        return []
        #endif
    }

    /// Writes a file with what this machine's own has; nil if there is none, in whose place it could be.
    private func shown(_ name: String, at target: String, _ text: (String) throws -> String) throws -> ShownFile? {
        guard let own = try? String(contentsOfFile: target, encoding: .utf8) else { return nil }
        let file = "\(workspace.folder)/\(name)"
        try Workspace.write(text(own), to: file, mode: 0o644)
        return ShownFile(file, at: target)
    }
}

extension Inventory {
    /// What OpenSSH is told of the nodes: see ``SSHConfiguration/openSSHText(keys:own:)``. Of existing machines, that is
    /// the cluster's whole configuration.
    fileprivate func openSSHText(keys: Bool = true, own: String = "") throws -> String {
        guard nodes.contains(where: { $0.folder != nil }) else {
            return SSHConfiguration(self).openSSHText(keys: keys, own: own)
        }
        let lines = try String(contentsOfFile: sshConfig, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { keys || !$0.lowercased().hasPrefix("  identityfile ") }.joined(separator: "\n") + own
    }
}
