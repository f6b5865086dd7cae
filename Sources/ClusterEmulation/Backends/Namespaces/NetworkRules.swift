#if os(Linux)
import Foundation

/// The rules of a cluster's network, for nft(8): they are in force in the cluster's own network, on its bridges, and go with it. Nothing of
/// this machine's network changes.
struct NetworkRules: Sendable {
    /// The command line.
    let words: [String]
    /// What nft reads.
    let text: String

    /// What a plan asks for; nil if that is nothing.
    ///
    /// - Throws: ``ClusterError`` if nft is not on this machine.
    init?(_ plan: ClusterPlan) throws {
        // Only root's cluster has a way to this machine that could be closed.
        let isGuarded = ClusterUsers.makerIsRoot && !plan.configuration.hostAccess
        let conditions = Self.conditions(plan)
        if !isGuarded, conditions.isEmpty { return nil }
        let program =
            conditions.isEmpty
            ? try Self.program(
                for: "The nodes can't be kept from this machine's services",
                orElse: ", or let the nodes reach them (`hostAccess`)")
            : try Self.program(for: "The site's network can't be made")
        words = [program, "-f", "-"]
        text = (isGuarded ? Self.hostGuard : "") + conditions
    }

    /// What sets up rules.
    ///
    /// - Parameters:
    ///   - purpose: What can't be done without it, as the beginning of a sentence.
    ///   - other: What else to do, as the end of one.
    /// - Returns: Its path.
    /// - Throws: ``ClusterError`` with the code `missingProgram` if it is not on this machine.
    static func program(for purpose: String, orElse other: String = "") throws -> String {
        if let program = ProgramPath.find("nft") { return program }
        throw ClusterError(
            .missingProgram, "\(purpose): nft, which sets up the rules, is not on this machine.",
            remedy: "Install it (apt-get install nftables)\(other).")
    }

    /// The name of the port of the bridge that leads to a node.
    static func port(_ index: Int) -> String { "port\(index + 1)" }

    /// The name of the port of the second bridge that leads to a node.
    static func secondPort(_ index: Int) -> String { "other\(index + 1)" }

    private static func conditions(_ plan: ClusterPlan) -> String {
        let places = Dictionary(uniqueKeysWithValues: plan.nodeNames.enumerated().map { ($1, $0) })
        let hasSecond = plan.configuration.site.secondInterface != nil
        return PacketFilter.bridge(plan.conditions) { place in
            switch place {
            case .machine: return ["outside"]
            // Without the option `outside` there is no way there.
            case .outside: return []
            case .node(let name):
                guard let index = places[name] else { return [] }
                return [port(index)] + (hasSecond ? [secondPort(index)] : [])
            }
        }
    }

    /// Keeps the nodes from the services of this machine, to which a port of the bridge leads.
    ///
    /// The cluster's router answers nodes alone: whoever writes to it in this machine's name gets no answer sent here.
    /// What the nodes may send to this machine are answers. A connection of TCP begins with a packet that has SYN without ACK;
    /// for datagrams it is noted who was asked. (There is no connection tracking for bridges in many kernels.)
    private static let hostGuard = """
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
