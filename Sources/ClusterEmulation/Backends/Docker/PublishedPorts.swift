import Foundation

/// The published ports of a container, as `docker inspect` prints them.
package struct PublishedPorts {
    package let publications: [ProvisionedNode.Publication]

    private struct Binding: Decodable {
        let HostPort: String
    }

    package init(json: String) throws {
        let bindings = try JSONDecoder().decode([String: [Binding]?].self, from: Data(json.utf8))
        publications = bindings.compactMap { key, bindings in
            // As `8787/tcp`.
            let parts = key.split(separator: "/").map(String.init)
            guard let port = parts.first.flatMap({ Int($0) }),
                let hostPort = bindings?.first.flatMap({ Int($0.HostPort) }),
                let transport = PublishedPort.Transport(rawValue: parts.dropFirst().first ?? "tcp")
            else { return nil }
            return ProvisionedNode.Publication(port, at: hostPort, transport)
        }
    }
}
