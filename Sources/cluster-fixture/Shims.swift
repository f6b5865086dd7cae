import ClusterEmulation
import Foundation

/// Programs at the front of PATH that know a cluster's nodes by name, and all other hosts as ever.
enum Shims {
    /// Writes them into the cluster's folder.
    ///
    /// - Returns: Their folder.
    static func write(for inventory: Inventory) throws -> String {
        let folder = inventory.workspace.folder
        let configuration = folder + "/shim_config"
        // What stands first counts. An Include belongs to the block it stands in, so that this one is for all hosts.
        let text =
            try String(contentsOfFile: inventory.sshConfig, encoding: .utf8) + """

                Host *
                  Include ~/.ssh/config
                  Include /etc/ssh/ssh_config

                """
        try Workspace.write(text, to: configuration)
        let place = folder + "/bin"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for program in ["ssh", "scp", "sftp"] {
            guard let real = ProgramPath.findByName(program) else { continue }
            // A -F of the caller's comes later, and wins.
            let script = "#!/bin/sh\nexec \(shellQuoted(real)) -F \(shellQuoted(configuration)) \"$@\"\n"
            try Workspace.write(script, to: "\(place)/\(program)", mode: 0o700)
        }
        // On a file system without execution (noexec), the shell would silently take the next ssh on PATH.
        if access(place + "/ssh", X_OK) != 0 {
            throw ClusterError(
                .provisioningFailed, "Programs can't be run in \(folder), so plain ssh would not find the nodes there.",
                remedy: "Set TMPDIR to a folder that is not mounted noexec, or use --no-shims.")
        }
        return place
    }
}
