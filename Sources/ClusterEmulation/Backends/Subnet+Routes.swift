import Foundation

extension Subnet {
    /// A range of addresses that a route leads to.
    package typealias Route = (address: UInt32, mask: UInt32)

    /// One at random that no route of this machine leads to. In the network of an engine's virtual machine, which has routes of
    /// its own, the engine alone knows.
    ///
    /// - Throws: ``ClusterError`` with the code `provisioningFailed` if there is none.
    static func free(nodes: Int) throws -> Subnet { try free(nodes: nodes, besides: routes) }

    static func free(nodes: Int, besides routes: [Route]) throws -> Subnet {
        for _ in 0..<1000 {
            let subnet = random(nodes: nodes)
            if !routes.contains(where: subnet.overlaps) { return subnet }
        }
        throw ClusterError(
            .provisioningFailed, "No subnet of 198.18.0.0/15 is free on this machine.", remedy: "Stop other clusters.")
    }

    /// The destinations of this machine's routes but the default ones.
    static var routes: [Route] {
        routes(in: (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? "")
    }

    /// What `/proc/net/route` says (proc(5)): addresses are in the machine's own byte order of a network order number.
    static func routes(in text: String) -> [Route] {
        text.split(separator: "\n").dropFirst().compactMap {
            let fields = $0.split(separator: "\t").map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count > 7, let address = UInt32(fields[1], radix: 16),
                let mask = UInt32(fields[7], radix: 16), mask != 0
            else { return nil }
            return (UInt32(bigEndian: address), UInt32(bigEndian: mask))
        }
    }
}
