import Foundation

/// The published ports of a container, as `docker inspect` prints them.
package struct PublishedPorts {
    /// The ports of this machine by the container's.
    package let hostPorts: [Int: Int]

    private struct Binding: Decodable {
        let HostPort: String
    }

    package init(json: String) throws {
        let bindings = try JSONDecoder().decode([String: [Binding]?].self, from: Data(json.utf8))
        hostPorts = bindings.reduce(into: [:]) { ports, entry in
            guard let port = Int(entry.key.split(separator: "/").first ?? ""),
                let hostPort = entry.value?.first.flatMap({ Int($0.HostPort) })
            else { return }
            ports[port] = hostPort
        }
    }
}
