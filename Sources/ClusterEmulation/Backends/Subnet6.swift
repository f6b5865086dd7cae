import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The IPv6 addresses of one cluster: unique local ones (RFC 4193). Of these, 40 bits are to be chosen at random, as a cluster's id is.
package struct Subnet6: Sendable, Hashable, CustomStringConvertible {
    private let id: String

    package init(_ cluster: ClusterID) { id = cluster.description }

    /// The addresses of the nodes, whose last numbers are those of their IPv4 addresses in the first subnet: node1 has `::11`.
    package func addresses(_ nodes: Int) -> [String] { (0..<nodes).map { text(Int(Subnet.firstNode) + $0) } }

    /// The way to all other networks, which with namespaces is the cluster itself.
    var router: String { text(2) }

    /// The range as `fd12:3456:789a::/64`.
    package var description: String { "\(text(nil))/64" }

    /// An address in its shortest form, in which all programs print it.
    private func text(_ host: Int?) -> String {
        let digits = Array("fd" + id).map(String.init)
        let groups = stride(from: 0, to: digits.count, by: 4).map { digits[$0..<$0 + 4].joined() }
        return Self.shortest(groups.joined(separator: ":") + "::" + (host.map { "\($0)" } ?? ""))
    }

    private static func shortest(_ text: String) -> String {
        var bytes = in6_addr()
        var characters = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_pton(AF_INET6, text, &bytes) == 1,
            inet_ntop(AF_INET6, &bytes, &characters, socklen_t(characters.count)) != nil
        else { return text }
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The 16 bytes of an address.
    static func bytes(_ text: String) -> [UInt8] {
        var bytes = in6_addr()
        inet_pton(AF_INET6, text, &bytes)
        return withUnsafeBytes(of: bytes) { Array($0) }
    }
}
