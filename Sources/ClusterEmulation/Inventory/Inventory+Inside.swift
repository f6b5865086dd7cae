import Foundation

extension Inventory {
    /// The cluster as its own nodes have it, where each is reached at its own address and its own ports.
    ///
    /// - Parameters:
    ///   - folder: Where on a node its ssh_config and the inventory are.
    ///   - homes: The homes of the users there, by their names.
    ///   - reader: Whose it is there. Root knows all passwords, and another user their own.
    /// - Returns: The inventory, of which nothing is written.
    package func inside(_ folder: String, homes: [String: String], for reader: ClusterEmulation.User) -> Inventory {
        var inside = self
        inside.sshConfig = folder + "/ssh_config"
        inside.knownHosts = "/etc/ssh/ssh_known_hosts"
        for index in nodes.indices {
            inside.nodes[index].host = nodes[index].ip
            inside.nodes[index].port = 22
            inside.nodes[index].proxyJump = nil
            for port in nodes[index].publishedPorts.indices {
                inside.nodes[index].publishedPorts[port].port = nodes[index].publishedPorts[port].nodePort
            }
            for (place, user) in nodes[index].users.enumerated() {
                inside.nodes[index].users[place].identityFile = (homes[user.name] ?? "") + "/.ssh/id_ed25519"
                if reader != .root, user.name != reader.rawValue { inside.nodes[index].users[place].password = nil }
            }
        }
        for (service, endpoint) in services.indices.flatMap({ service in
            services[service].endpoints.indices.map { (service, $0) }
        }) {
            inside.services[service].endpoints[endpoint].url = self.inside(services[service].endpoints[endpoint])
        }
        return inside
    }

    /// The address of an endpoint as nodes have it: by the node's name and its own port.
    private func inside(_ endpoint: Endpoint) -> String {
        guard let node = nodes.first(where: { $0.name == endpoint.node }),
            let port = node.publishedPorts.first(where: { $0.nodePort == endpoint.nodePort })
        else { return endpoint.url }
        return endpoint.url.replacing(
            "://\(node.host):\(port.port)", with: "://\(node.name):\(endpoint.nodePort)", maxReplacements: 1)
    }

    /// The OpenSSH client configuration for a node, where every user has a key of their own, and the nodes have their names.
    package var insideConfiguration: String {
        """
        Host \((nodes.map(\.name) + nodes.map(\.ip)).joined(separator: " "))
          IdentityFile ~/.ssh/id_ed25519
          IdentitiesOnly yes
          UserKnownHostsFile \(knownHosts)
          StrictHostKeyChecking yes

        Host *
          User \(nodes.first?.users.first?.name ?? "")

        """
    }
}
