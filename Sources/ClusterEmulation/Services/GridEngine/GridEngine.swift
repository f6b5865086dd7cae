import Foundation

/// Grid Engine, the batch system of `qsub`, `qstat`, `qdel` and `qhost`: Debian's 8.1.9.
///
/// Its qmaster runs on the login node, an execd on each compute node. Jobs go to the queue `all.q`, which has the parallel environments
/// `smp` (all of a job's slots on one node), `mpi` (one node is filled after the other) and `make` (slots in turn on all nodes).
public struct GridEngine: Service {
    /// `grid-engine`
    public let name = "grid-engine"
    /// How many jobs of one slot a compute node runs at once; nil is as many as it has processors.
    public let slots: Int?

    /// Adds Debian's packages of Grid Engine.
    public func image(_ image: NodeImage) -> NodeImage {
        image.adding(packages: ["gridengine-master", "gridengine-exec", "gridengine-client"])
    }

    /// Writes the whole configuration as it lies in the spool, so that nothing is to be configured when the nodes are up.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        if let slots, slots < 1 {
            throw ClusterError(.invalidConfiguration, "A node can't run \(slots) jobs at once: the least is 1.")
        }
        let names = Set([layout.login.name] + layout.computeNodes.map(\.name))
        let compute = layout.computeNodes
        return ServicePlan(
            on: layout.nodes.map(\.name).filter(names.contains),
            files: GridEngineFiles(layout: layout, slots: slots).all,
            logs: ["\(GridEngineFiles.spool)/messages", "\(Self.log)-qmaster.log", "\(Self.log)-execd.log"]
                + compute.map { "/var/spool/gridengine/execd/\($0.name)/messages" },
            // The qmaster's and the execd's. Programs that `qrsh` starts call back on ports that nobody knows before.
            openPorts: [6444...6445])
    }

    /// Starts the qmaster, and the execds as soon as it answers.
    public func start(on nodes: ServiceNodes) async throws {
        // Daemons that detach themselves take a second for it: these don't (SGE_ND).
        let master = """
            set -e
            cd /usr/share/gridengine/util/resources
            setpriv --reuid sgeadmin --regid sgeadmin --clear-groups cp -r centry usersets \(GridEngineFiles.spool)
            install -d -o sgeadmin -g sgeadmin /run/gridengine
            SGE_ND=1 SGE_MASTER_PIDFILE=/run/gridengine/qmaster.pid \\
                setsid /usr/sbin/sge_qmaster >\(Self.log)-qmaster.log 2>&1 </dev/null &
            until qconf -sss >/dev/null 2>&1; do kill -0 $!; sleep 0.02; done
            """
        let execution = """
            install -d -o sgeadmin -g sgeadmin /run/gridengine
            SGE_ND=1 SGE_EXECD_PIDFILE=/run/gridengine/execd.pid \\
                setsid /usr/sbin/sge_execd >\(Self.log)-execd.log 2>&1 </dev/null &
            """
        try await nodes.run(master, on: nodes.layout.login.name, else: "its qmaster has ended")
        try await nodes.onEach(of: nodes.layout.computeNodes.map(\.name)) { node in
            try await nodes.run(execution, on: node, else: "its execd could not be started")
        }
    }

    /// Returns when every compute node takes jobs and one has run, as `ubuntu`.
    public func prove(on nodes: ServiceNodes) async throws {
        // A queue of a node that has not reported yet has no load and a state (au); nothing follows the architecture of one that has.
        let proof = """
            until [ "$(qstat -f | grep -c '^all\\.q@.* lx-[a-z0-9]* *$')" = \(nodes.layout.computeNodes.count) ]; do sleep 0.05; done
            runuser -u ubuntu -- qsub -sync y -b y -N ready -wd /tmp -o /dev/null -e /dev/null true
            """
        try await nodes.run(proof, on: nodes.layout.login.name, else: "no job could be run")
    }

    private static let log = "/var/log/gridengine"
}

extension Service where Self == GridEngine {
    /// Grid Engine: `qsub`, `qstat`, `qdel`, `qhost`.
    ///
    /// Scripts of jobs and what they write are to be where all nodes find them: see ``SharedFolder``.
    ///
    /// - Parameter slots: How many jobs of one slot a compute node runs at once; nil is as many as it has processors.
    /// - Returns: The service.
    public static func gridEngine(slots: Int? = nil) -> GridEngine { GridEngine(slots: slots) }
}

extension Cluster {
    /// The cluster's Grid Engine.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if it has none.
    public var gridEngine: RunningService<GridEngine> {
        get throws { try service() }
    }
}
