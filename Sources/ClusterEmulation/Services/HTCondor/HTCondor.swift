import Foundation

/// HTCondor, the batch system of `condor_submit`, `condor_q` and `condor_rm`: that of Debian, which has it from 13 on.
///
/// The central manager and the queue are on the login node, and each compute node has one slot of which jobs get the part that they
/// ask for. Daemons know each other by a key that is made for the cluster; users are known on the login node by who they are there.
public struct HTCondor: Service {
    /// `htcondor`
    public let name = "htcondor"

    /// Adds Debian's package of HTCondor.
    public func image(_ image: NodeImage) -> NodeImage { image.adding(packages: ["htcondor"]) }

    /// Writes the configuration of each node, and makes the key.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let compute = Set(layout.computeNodes.map(\.name))
        let nodes = layout.nodes.filter { compute.contains($0.name) || $0.name == layout.login.name }
        return ServicePlan(
            on: nodes.map(\.name),
            files: nodes.map { node in
                ServiceFile(
                    "/etc/condor/config.d/50-cluster-fixture",
                    HTCondorConfiguration(layout: layout, node: node, computes: compute.contains(node.name)).text,
                    nodes: [node.name])
            } + [
                .folder("/etc/condor/passwords.d", mode: 0o700),
                // 256 bits. HTCondor reads a key up to its first zero byte, so they are written as digits.
                ServiceFile("/etc/condor/passwords.d/POOL", RandomDigits.hexadecimal(64), mode: 0o600),
                .folder("/var/spool/condor", owner: "condor"), .folder("/var/lib/condor/execute", owner: "condor"),
            ],
            logs: ["MasterLog", "CollectorLog", "NegotiatorLog", "SchedLog", "StartLog", "ShadowLog"]
                .map { "/var/log/condor/\($0)" },
            // All daemons of a node share one port.
            openPorts: [9618...9618])
    }

    /// Starts each node's master, which starts the other daemons.
    public func start(on nodes: ServiceNodes) async throws {
        let master = """
            install -d -o condor -g condor -m 0775 /run/condor /run/lock/condor
            setsid condor_master -f >/dev/null 2>&1 </dev/null &
            """
        try await nodes.onEach { node in try await nodes.run(master, on: node, else: "its master could not be started")
        }
    }

    /// Returns when every compute node takes jobs and one has run, as `ubuntu`.
    public func prove(on nodes: ServiceNodes) async throws {
        let proof = """
            until [ "$(condor_status -af Name 2>/dev/null | wc -l)" -ge \(nodes.layout.computeNodes.count) ] &&
                condor_q >/dev/null 2>&1; do sleep 0.05; done
            log=$(runuser -u ubuntu -- mktemp)
            printf '%s\\n' executable=/bin/true transfer_executable=false initialdir=/tmp "log=$log" queue |
                runuser -u ubuntu -- condor_submit -terse - >/dev/null && condor_wait -wait 60 "$log" >/dev/null
            code=$?
            rm -f "$log"
            exit $code
            """
        try await nodes.run(proof, on: nodes.layout.login.name, else: "no job could be run")
    }
}

extension Service where Self == HTCondor {
    /// HTCondor: `condor_submit`, `condor_q`, `condor_wait`, `condor_rm`.
    ///
    /// Where nodes share a folder, jobs find their files there; elsewhere HTCondor takes files to them and back.
    ///
    /// - Returns: The service.
    public static func htCondor() -> HTCondor { HTCondor() }
}

extension Cluster {
    /// The cluster's HTCondor.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if it has none.
    public var htCondor: RunningService<HTCondor> {
        get throws { try service() }
    }
}
