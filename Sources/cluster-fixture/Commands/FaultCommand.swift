import ArgumentParser
import ClusterEmulation

struct FaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Breaks a cluster on purpose, and heals it.",
        discussion: """
            A fault stays until it is healed. All of them work when nobody can log in any more. `kill`, `stop` and `pause` are \
            commands of their own.

            THE NETWORK, of the cluster:
              fault lab partition node1 node2,node3    groups can't reach each other
              fault lab isolate node1                  no other node reaches it
              fault lab degrade node1 --latency 20ms --loss 10% --bandwidth 10m
              fault lab network heal

            ONE NODE:
              fault lab/node1 ssh refuse-logins
              fault lab/node1 ssh stall-before-banner
              fault lab/node1 ssh stall-after-key-exchange
              fault lab/node1 ssh change-host-key
              fault lab/node1 ssh limit-logins 10:30:60    sshd's MaxStartups
              fault lab/node1 ssh slow-banner 2s
              fault lab/node1 ssh drop-after 20k           bytes, then a reset
              fault lab/node1 clock +1h --rate 2           for what starts then
              fault lab/node1 disk --leaving 10m
              fault lab/node1 disk read-only
              fault lab/node1 names missing node2
              fault lab/node1 names wrong node2 198.18.0.99
              fault lab/node1 names slow 2s
              fault lab/node1 ssh heal                     also clock, disk, names

            EVERYTHING:
              fault lab/node1 heal
              fault lab heal
            """)

    @Argument(help: "The cluster, or a node of it: lab, or lab/node1.", completion: .places)
    var place: Place

    @Argument(
        parsing: .allUnrecognized,
        help: "What is broken: partition, isolate, degrade, network, ssh, clock, disk, names; or heal.",
        completion: .list(FaultWords.topics))
    var words: [String]

    @Option(help: "With degrade: the delay that is added to each packet, in each direction, such as 20ms.")
    var latency: Span?

    @Option(help: "With degrade: how much is lost, such as 10%.")
    var loss: Chances?

    @Option(help: "With degrade: how many bits get through in a second, such as 10m.")
    var bandwidth: BitRate?

    @Option(help: "With clock: how fast time passes for a program. (default: 1)")
    var rate: Double?

    @Option(help: "With disk: how many bytes are left, such as 10m.")
    var leaving: DiskRoom?

    func validate() throws { _ = try deed(on: place.node) }

    private func deed(on node: String?) throws -> FaultWords.Deed {
        let options = FaultWords.Options(
            latency: latency?.duration, loss: loss?.chance, bandwidth: bandwidth?.bits, rate: rate,
            leaving: leaving?.bytes)
        return try FaultWords(words, node: node, options: options).deed()
    }

    func run() async throws {
        let found = try await ClusterCatalog.find(place.cluster)
        _ = try found.requireInventory()
        // As the cluster has it, so that one that is not there is said to be near another.
        let node = place.node == nil ? nil : try place.find(in: found).node.name
        switch try deed(on: node) {
        case .begin(let fault):
            _ = try await fault.begin(on: found.cluster, timeline: found.timeline)
            Console.note("\(found.summary.name): \(fault.saying(of: found.cluster.nodes.map(\.name)))")
        case .heal(let what, let body):
            let ended = try await body(found.cluster)
            note(on: found, node, but: ended)
            for name in ended {
                Console.note("\(found.summary.name): \(name) has ended: nothing could be healed there")
            }
            Console.note("\(found.summary.name): healed \(what)")
        }
    }

    /// Notes what is healed: the network, one kind, or everything on the nodes that run.
    private func note(on found: ListedCluster, _ node: String?, but ended: [String]) {
        let (topic, timeline) = (words.first ?? "", found.timeline)
        if topic == "heal" {
            let nodes = (node.map { [$0] } ?? found.cluster.nodes.map(\.name)).filter { !ended.contains($0) }
            if !nodes.isEmpty { timeline.note(.healed, nodes: nodes) }
            if node == nil { timeline.note(.healed, "network") }
        } else {
            timeline.note(.healed, node: node, ["partition", "isolate", "degrade"].contains(topic) ? "network" : topic)
        }
    }
}
