/// The folder with a node's files, which `start-node --configure` in the image copies to their places: `etc-ssh/` to
/// `/etc/ssh`, `root/` and `ubuntu/` to the users' `~/.ssh`, and the lines of `hosts` to the end of `/etc/hosts`.
enum DockerNodeFolder {
    /// Writes the folder and returns its path.
    static func write(_ plan: ClusterPlan, node: Int, files: NodeFiles) throws -> String {
        let folder = plan.workspace.folder + "/nodes/\(plan.nodeNames[node])"
        for name in ["etc-ssh"] + User.allCases.map(\.rawValue) { try Workspace.makeFolder("\(folder)/\(name)") }
        for file in files.files(of: node) {
            try Workspace.write(file.text, to: "\(folder)/\(file.place.folder)/\(file.name)", mode: file.mode)
        }
        try Workspace.write(files.hosts, to: folder + "/hosts")
        return folder
    }
}

extension NodeFile.Place {
    fileprivate var folder: String {
        switch self {
        case .etcSSH: "etc-ssh"
        case .home(let user): user.rawValue
        }
    }
}
