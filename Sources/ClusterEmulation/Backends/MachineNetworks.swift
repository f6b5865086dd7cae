import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The networks that this machine reaches already, which no cluster may take for its own.
package struct MachineNetworks: Sendable {
    /// A range of addresses.
    package typealias Network = (address: UInt32, mask: UInt32)

    /// The destinations of routes, but the default ones.
    package let routes: [Network]
    /// The networks of this machine's interfaces.
    package internal(set) var connected: [Network]

    package init(routes: [Network], connected: [Network]) {
        self.routes = routes
        self.connected = connected
    }

    /// How many there are that a cluster with a subnet of a range would be in the way of.
    ///
    /// A route that leads to more than the range is for whatever no other route leads to: a VPN's 0.0.0.0/1, say. The subnet's own goes
    /// before it and takes nothing of it that anybody has meant. What an interface is in is always meant.
    package func collisions(with subnet: Subnet, of range: SubnetRange) -> Int {
        let meant = routes.filter { $0.mask >= SubnetRange.mask(range.bits) && subnet.overlaps($0) }
        // An interface's network has a route: it is one network.
        return max(meant.count, connected.filter(subnet.overlaps).count)
    }

    /// As they are now. In the network of an engine's virtual machine, which has routes of its own, the engine alone knows.
    package static var current: MachineNetworks {
        let text = (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? ""
        return MachineNetworks(routes: routes(in: text), connected: interfaces)
    }

    /// Whether an address of IPv4 is one of this machine's, and leads here from elsewhere.
    package static func isOwn(_ address: String) -> Bool {
        var place = LoopbackPort.socketAddress(host: address, port: 0)
        let descriptor = StreamSocket.open(AF_INET)
        defer { close(descriptor) }
        let isBound = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        // What is not an address of IPv4 is taken for none in particular.
        return isBound && !address.hasPrefix("127.") && place.sin_addr.s_addr != 0
    }

    /// Whether the kernel knows IPv6 at all, which can be left out of it.
    package static var haveIPv6: Bool {
        #if os(Linux)
        access("/proc/sys/net/ipv6", F_OK) == 0
        #else
        true
        #endif
    }

    /// What `/proc/net/route` says (proc(5)): addresses are in the machine's own byte order of a network order number.
    package static func routes(in text: String) -> [Network] {
        text.split(separator: "\n").dropFirst().compactMap {
            let fields = $0.split(separator: "\t").map { $0.trimmingCharacters(in: .whitespaces) }
            guard fields.count > 7, let address = UInt32(fields[1], radix: 16),
                let mask = UInt32(fields[7], radix: 16), mask != 0
            else { return nil }
            return (UInt32(bigEndian: address), UInt32(bigEndian: mask))
        }
    }

    private static var interfaces: [Network] {
        #if os(Linux)
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        return sequence(first: list, next: { $0?.pointee.ifa_next }).compactMap { entry in
            guard let entry, let address = ipv4(entry.pointee.ifa_addr), let mask = ipv4(entry.pointee.ifa_netmask)
            else { return nil }
            return (address & mask, mask)
        }
        #else
        return []
        #endif
    }

    #if os(Linux)
    private static func ipv4(_ address: UnsafeMutablePointer<sockaddr>?) -> UInt32? {
        guard let address, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
        }
    }
    #endif
}

extension Subnet {
    /// One at random that is in nothing's way.
    ///
    /// - Throws: ``ClusterError`` with the code `provisioningFailed` if there is none.
    static func free(
        nodes: Int, in range: SubnetRange, besides networks: MachineNetworks = .current
    ) throws -> Subnet {
        let all = all(nodes: nodes, in: range)
        let start = all.index(all.startIndex, offsetBy: .random(in: 0..<all.count))
        for subnet in [all[start...], all[..<start]].joined()
        where networks.collisions(with: subnet, of: range) == 0 {
            return subnet
        }
        throw ClusterError(
            .provisioningFailed, "No subnet of \(range) is free on this machine.",
            remedy: "Stop other clusters, or name another range of addresses (`subnets`, or \(SubnetRange.variable)).")
    }
}
