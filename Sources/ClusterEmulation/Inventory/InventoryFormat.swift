import Foundation

/// A form in which an inventory is written for other programs.
public enum InventoryFormat: String, Sendable, CaseIterable {
    /// The inventory itself.
    case json
    /// An OpenSSH client configuration, for `ssh -F` and everything that has such an option.
    case sshConfig = "ssh-config"
    /// An Ansible inventory.
    case ansible
    /// The nodes' names, one in a line, for `mpirun --hostfile`, `pdsh -w ^FILE` and `parallel --sshloginfile`.
    case hostfile
    /// Variables for a shell to read.
    case environment = "env"
    /// The lines of `/etc/hosts`.
    case hosts = "etc-hosts"
}

extension Inventory {
    /// The inventory in a format.
    ///
    /// - Parameter format: The format.
    /// - Returns: The text, ending with a line break.
    /// - Throws: If the cluster's ssh_config can't be read.
    public func text(_ format: InventoryFormat) throws -> String {
        switch format {
        case .json: json
        case .sshConfig: try String(contentsOfFile: sshConfig, encoding: .utf8)
        case .ansible: ansible
        case .hostfile: nodes.map { $0.name + "\n" }.joined()
        case .environment: variables.map { "export \($0.name)=\(shellQuoted($0.value))\n" }.joined()
        case .hosts:
            nodes.map { node in
                [node.ip, node.ipv6].compactMap(\.self).map { "\($0) \(node.fqdn) \(node.name)\n" }.joined()
            }.joined()
        }
    }

    /// The nodes by name: Ansible's own ssh finds them, their users, keys and host keys by the configuration file.
    ///
    /// A variable of an inventory goes before Ansible's own options and a play's `remote_user`, so that none says what these are to
    /// say: who logs in, above all.
    ///
    /// Ansible keeps connections open for a minute, under names made of the host's: in its usual place it would take the
    /// next cluster's node1 for the last one's. In the cluster's folder they end with the cluster.
    private var ansible: String {
        """
        [cluster]
        \(nodes.map(\.name).joined(separator: "\n"))

        \(ansibleGroups)[all:vars]
        ansible_ssh_common_args=-F '\(sshConfig)'
        ansible_control_path_dir=\(workspace.socketFolder)
        ansible_python_interpreter=/usr/bin/python3

        """
    }

    /// A group of the name of each role: Ansible takes no hyphens there.
    private var ansibleGroups: String {
        roles.map { role in
            let members = nodes.filter { $0.role == role }.map { $0.name + "\n" }.joined()
            return "[\(role.replacing("-", with: "_"))]\n\(members)\n"
        }.joined()
    }

    /// What a command that works with the cluster finds in its environment.
    public var variables: [(name: String, value: String)] {
        let user = nodes.first?.users.first
        let common = [
            ("CLUSTER_NAME", name),
            ("CLUSTER_NODES", nodes.map(\.name).joined(separator: " ")),
            ("CLUSTER_IPS", nodes.map(\.ip).joined(separator: " ")),
            // The same, under the name that it had before there was the other.
            ("CLUSTER_HOSTS", nodes.map(\.ip).joined(separator: " ")),
            ("CLUSTER_SSH_CONFIG", sshConfig),
            ("CLUSTER_KNOWN_HOSTS", knownHosts),
            ("CLUSTER_INVENTORY", Self.file(in: workspace.folder)),
            ("CLUSTER_USER", user?.name ?? ""),
            ("CLUSTER_KEY", user?.identityFile ?? ""),
        ]
        let roles = roles.map { role in
            ("CLUSTER_ROLE_\(Self.variable(role))", nodes.filter { $0.role == role }.map(\.name).joined(separator: " "))
        }
        return common + (hostIP.map { [("CLUSTER_HOST_IP", $0)] } ?? []) + roles + nodes.flatMap(\.variables)
            + services.flatMap(\.variables)
    }

    /// A name as a part of a variable's.
    fileprivate static func variable(_ name: String) -> String { name.uppercased().replacing("-", with: "_") }
}

extension Inventory.Node {
    /// What programs find it by, as variables of theirs.
    fileprivate var variables: [(name: String, value: String)] {
        let prefix = "CLUSTER_" + Inventory.variable(name)
        var variables = [(prefix + "_HOST", host), (prefix + "_PORT", "\(port)"), (prefix + "_IP", ip)]
        if let ipv6 { variables.append((prefix + "_IPV6", ipv6)) }
        if let secondIP { variables.append((prefix + "_SECOND_IP", secondIP)) }
        if let proxyJump { variables.append((prefix + "_PROXY_JUMP", proxyJump)) }
        for port in publishedPorts {
            let suffix = port.transport == .tcp ? "" : "_\(port.transport.rawValue.uppercased())"
            variables.append(("\(prefix)_PORT_\(port.nodePort)\(suffix)", "\(port.port)"))
        }
        return variables
    }
}

extension Inventory.Service {
    /// Where it is reached: the first endpoint by the service's name alone, and each by its own too.
    fileprivate var variables: [(name: String, value: String)] {
        let prefix = "CLUSTER_" + Inventory.variable(name)
        return endpoints.prefix(1).map { (prefix + "_URL", $0.url) }
            + endpoints.map { ("\(prefix)_\(Inventory.variable($0.name))_URL", $0.url) }
    }
}
