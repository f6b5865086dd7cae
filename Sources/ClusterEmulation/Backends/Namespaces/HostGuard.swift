#if os(Linux)
import Foundation

/// Keeps the nodes from the services of this machine: rules of nft(8) in the cluster's own network, whose bridge has a port that
/// leads to this machine. They go with the cluster, and nothing of this machine's network changes.
struct HostGuard: Sendable {
    /// The command line.
    let words: [String]

    /// - Throws: ``ClusterError`` if nft is not on this machine.
    init() throws {
        guard let program = ProgramPath.find("nft") else {
            throw ClusterError(
                .missingProgram,
                "The nodes can't be kept from this machine's services: nft, which sets up the rules, is not on this machine.",
                remedy: "Install it (apt-get install nftables), or let the nodes reach them (`hostAccess`).")
        }
        words = [program, "-f", "-"]
    }

    /// The cluster's router answers nodes alone: whoever writes to it in this machine's name gets no answer sent here.
    /// What the nodes may send to this machine are answers. A connection of TCP begins with a packet that has SYN without ACK;
    /// for datagrams it is noted who was asked. (There is no connection tracking for bridges in many kernels.)
    static let rules = """
        table bridge cluster {
          set asked {
            type ipv4_addr . inet_service . inet_service
            flags dynamic, timeout
            timeout 3m
            size 65535
          }
          chain asking {
            type filter hook prerouting priority 0
            iifname "outside" meta l4proto udp update @asked { ip daddr . udp dport . udp sport }
          }
          chain answering {
            type filter hook forward priority 0; policy drop
            oifname != "outside" accept
            ether type arp accept
            tcp flags & (syn | ack) != syn accept
            ip saddr . udp sport . udp dport @asked accept
            icmp type { echo-reply, destination-unreachable, time-exceeded } accept
            ip frag-off & 0x1fff != 0 accept
          }
          chain refusing {
            type filter hook output priority 0; policy drop
            oifname != "outside" accept
            ether type arp accept
          }
        }

        """
}
#endif
