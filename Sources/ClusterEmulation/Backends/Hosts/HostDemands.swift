/// What a plan asks for that existing machines can't have: nothing of theirs is changed.
struct HostDemands {
    private let plan: ClusterPlan

    init(_ plan: ClusterPlan) { self.plan = plan }

    /// What is asked for, and why it can't be had.
    private var demands: [(what: String, reason: String)] {
        let configuration = plan.configuration
        // What services add to it is theirs.
        let images = Set([configuration.image] + configuration.roles.compactMap(\.image)).filter { $0 != .node }
            .map { "the image \($0)" }.sorted()
        let services = configuration.services.map { "the service \($0.name)" }
        let unlimited = plan.nodes.allSatisfy { $0.limits == .none }
        let asked: [(Bool, String, String)] =
            services.map { (true, $0, "it would be set up as root") }
            + images.map { (true, $0, "a machine keeps its own programs") }
            + [
                (!unlimited, "limits of nodes", "a machine has what it has"),
                (!configuration.mounts.isEmpty, "mounts", "this machine's folders are not there"),
                (
                    !(configuration.ports + configuration.roles.flatMap(\.ports)).isEmpty, "published ports",
                    "a machine's ports are reached at its own address, or by forwardPort"
                ),
                (configuration.site != .open, "a site's layout", "their network stays as it is"),
                (configuration.subnets != nil, "a subnet", "they have addresses"),
                (configuration.ipv6, "addresses of IPv6", "they have addresses"),
                (configuration.hostAccess, "the name host.cluster", "their /etc/hosts stays as it is"),
                (configuration.sudo, "sudo", "what users may do stays as it is"),
                (configuration.passwordLogins, "logins by password", "users keep what they log in with"),
                (!configuration.capabilities.isEmpty, "Linux capabilities", "what users may do stays as it is"),
                (configuration.rsaHostKeys, "RSA host keys", "they have host keys"),
                (configuration.packets, "the record of packets", "it would be set up as root"),
            ]
        return asked.filter(\.0).map { ($0.1, $0.2) }
    }

    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, which names all of it.
    func refuse() throws {
        let demands = demands
        guard !demands.isEmpty else { return }
        let words = demands.map { "\($0.what) (\($0.reason))" }.joined(separator: ", ")
        throw ClusterError(
            .invalidConfiguration, "Existing machines (the hosts backend) can't be given \(words).",
            remedy: "Leave that out, use another backend, or have the test skipped: `.requires(.ownMachines)`.")
    }
}
