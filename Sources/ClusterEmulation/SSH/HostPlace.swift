import CScripts

/// What a node has that is a machine which was there before its cluster, and stays: a folder of the cluster's own, and users of its own.
package struct HostPlace: Sendable, Hashable {
    /// The cluster's folder on the machine.
    package let folder: String
    /// Who logs in where nothing else is said.
    package let login: String
    /// Whether `root` can log in.
    package let hasRoot: Bool
    /// The private key file that is tried first; empty where keys come from an agent alone.
    package let identityFile: String

    package init(folder: String, login: String, hasRoot: Bool, identityFile: String) {
        self.folder = folder
        self.login = login
        self.hasRoot = hasRoot || login == "root"
        self.identityFile = identityFile
    }

    /// Who logs in as a user: the machine's ordinary user has a name of their own.
    ///
    /// - Returns: The login name; nil if there is none.
    package func login(_ user: User) -> String? {
        switch user {
        case .ubuntu: login
        case .root: hasRoot ? "\(User.root)" : nil
        }
    }

    /// The variable that every process of a cluster has, with the cluster's id, so that they are found again. Most systems' sshd takes a variable of
    /// this name from a client.
    package static let variable = "LC_CLUSTER_FIXTURE"

    /// A shell line that does what another does, in the cluster's folder.
    ///
    /// - Parameters:
    ///   - line: What is to be run, by the user's own shell.
    ///   - cluster: The cluster.
    ///   - login: Who runs it.
    ///   - variables: How many bytes of standard input are variables; see ``variables(_:)``.
    /// - Returns: The line, for whatever shell the user has.
    func line(_ line: String, of cluster: ClusterID, as login: String, variables: Int = 0) -> String {
        // The user's shell gets the line after `-c`: it would take a dash at its beginning for an option of its own.
        let words = [folder, "\(cluster)", login, "\(variables)", " " + line]
        return (["exec", "/bin/sh", "-c", String(cString: host_running_script()), "sh"] + words).map(shellQuoted)
            .joined(separator: " ")
    }

    /// What a line says on standard error, with an exit code of 255, if the cluster's folder is not there any more.
    var isGone: String { "cluster-fixture: \(folder) is gone" }

    /// Variables as the beginning of a line's standard input: the sshd of such a machine would not take them.
    static func variables(_ environment: [String: String]) -> [UInt8] {
        let lines = environment.sorted { $0.key < $1.key }.map { "export \($0.key)=\(shellQuoted($0.value))\n" }
        return Array(lines.joined().utf8)
    }
}

extension ProvisionedNode {
    /// Who logs in to the node as a user.
    ///
    /// - Throws: ``ClusterError`` with the code `backendUnavailable` if nobody can.
    package func login(_ user: User) throws -> String {
        guard let existing else { return "\(user)" }
        if let login = existing.login(user) { return login }
        throw ClusterError(
            .backendUnavailable,
            "Nobody can log in to \(name) as \(user): it is \(fqdn), whose entry in the file of hosts gives no login of that user.",
            node: name,
            remedy: "Say `root: true` there if the same keys let root in, or have the test skipped: `.requires(.root)`."
        )
    }

    /// Who can log in, the one first who is to be taken if nothing else is said.
    package var logins: [(user: User, name: String)] {
        let users = [User.ubuntu, .root].compactMap { user in (try? login(user)).map { (user: user, name: $0) } }
        return users.count == 2 && users[0].name == users[1].name ? [users[0]] : users
    }
}
