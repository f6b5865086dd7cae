import Foundation

/// Finds machines for a cluster's nodes, and takes all of them or none.
actor HostAllocation {
    private let plan: ClusterPlan
    private let pool: HostPool
    private let files: HostFiles
    private let resolver: HostResolver
    private var routes: [String: (name: String, route: HostRoute)] = [:]
    /// What can't be had however long is waited.
    private var unfit: [String: UnfitHost] = [:]
    /// Who has what.
    private var holders: [String: String] = [:]

    /// Clusters of this process are given machines one after the other: two that each have a part would be in each other's way.
    private static let gate = Gate(places: 1)

    init(_ plan: ClusterPlan, pool: HostPool) {
        (self.plan, self.pool) = (plan, pool)
        files = HostFiles(plan.workspace, cluster: plan.id)
        resolver = HostResolver(pool, file: plan.workspace.poolConfigurationFile)
    }

    /// The variable that says how many seconds a cluster waits for machines that others have.
    static let variable = "CLUSTER_FIXTURE_HOSTS_WAIT"

    private static func limit() throws -> Duration {
        let text = ProcessInfo.processInfo.environment[variable] ?? ""
        if text.isEmpty { return .seconds(60) }
        guard let seconds = Int(text), seconds >= 0 else {
            throw ClusterError(
                .invalidConfiguration,
                "\(variable) is \"\(ClusterConfiguration.printable(text))\", which is not a number of seconds.")
        }
        return .seconds(seconds)
    }

    /// - Returns: The machines, by the nodes' names.
    /// - Throws: ``ClusterError`` if there are too few that can be had, which says why of each that can't.
    func take() async throws -> [String: TakenHost] {
        let limit = try Self.limit()
        try Workspace.write(pool.configuration, to: plan.workspace.poolConfigurationFile)
        try Workspace.makeFolder(plan.workspace.leasesFolder)
        var (waiting, told): (ContinuousClock.Instant?, ContinuousClock.Instant?)
        while true {
            holders = [:]
            let taken = try await Self.gate.pass { try await self.takeOnce() }
            if let taken {
                for host in unfit.sorted(by: { $0.key < $1.key }) {
                    Progress.say("\(host.key) is left out: \(host.value.sentence)")
                }
                return taken
            }
            let now = ContinuousClock.now
            guard !holders.isEmpty, limit > .zero, now - (waiting ?? now) < limit else { throw tooFew(after: limit) }
            waiting = waiting ?? now
            if told.map({ now - $0 > .seconds(10) }) ?? true {
                Progress.say("cluster \(plan.name) waits for machines: \(held)")
                told = now
            }
            try await Task.sleep(for: .milliseconds(.random(in: 500...1500)))
        }
    }

    private var held: String {
        holders.sorted { $0.key < $1.key }.map { "\($0.key) is held by \($0.value)" }.joined(separator: "; ")
    }

    private func tooFew(after limit: Duration) -> ClusterError {
        let others = unfit.sorted { $0.key < $1.key }.map(\.value)
        var reasons = others.map { ClusterError.sentence($0.sentence) }
        if !holders.isEmpty {
            reasons.append(ClusterError.sentence(held) + " That was waited for, \(limit.inSeconds).")
        }
        var remedies = others.map(\.remedy).filter { !$0.isEmpty }
        if !holders.isEmpty {
            remedies.append(
                "Wait for longer (\(Self.variable)), or end a cluster that nobody wants any more: `cluster-fixture down` where it was made, or `kill PROCESS` on the machine, as its user."
            )
        }
        let count = plan.nodes.count
        return ClusterError(
            .provisioningFailed,
            "Cluster \(plan.name) needs \(count == 1 ? "a machine" : "\(count) machines") of \(pool.file); not enough of them can be taken. \(reasons.joined(separator: " "))",
            node: nil, log: others.map(\.details).filter { !$0.isEmpty }.joined(separator: "\n"),
            remedy: remedies.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " "))
    }
}

// --- which ------------------------------------------------------------------------------------------------------------

extension HostAllocation {
    /// Machines of one domain first, all of them in turn: names and logins go together there. Then whichever there are.
    private var groups: [[PoolHost]] {
        var domains: [String] = []
        for host in pool.hosts where !domains.contains(host.domain) { domains.append(host.domain) }
        if domains.count == 1 { return [pool.hosts] }
        return domains.map { domain in pool.hosts.filter { $0.domain == domain } }
            .filter { $0.count >= plan.nodes.count } + [pool.hosts]
    }

    private func takeOnce() async throws -> [String: TakenHost]? {
        for group in groups { if let taken = try await take(from: group) { return taken } }
        return nil
    }

    /// Takes machines for all nodes; if there are not enough, none.
    private func take(from group: [PoolHost]) async throws -> [String: TakenHost]? {
        let wanted = plan.nodes.map { HostChoice.Wanted($0.name, $0.role) }
        // By the machines' names: which node one is may be another when others can't be had.
        var (held, tried): ([String: TakenHost], Set<String>) = ([:], Set(unfit.keys))
        var chosen: [String: PoolHost] = [:]
        do {
            while true {
                chosen = HostChoice.choose(
                    for: wanted, from: group.filter { held[$0.name] != nil || !tried.contains($0.name) }, of: pool,
                    keeping: chosen)
                guard chosen.count == wanted.count else {
                    try await release(held)
                    return nil
                }
                let others = chosen.filter { held[$0.value.name] == nil }
                if others.isEmpty { return try assign(held, as: chosen) }
                tried.formUnion(others.values.map(\.name))
                for host in try await take(others).values { held[host.host.name] = host }
                chosen = chosen.filter { held[$0.value.name] != nil }
            }
        } catch {
            try await release(held)
            throw error
        }
    }

    private func assign(_ held: [String: TakenHost], as chosen: [String: PoolHost]) throws -> [String: TakenHost] {
        let taken = chosen.compactMapValues { held[$0.name] }
        for (node, host) in taken { try note(host.name, host.host, login: login(host.host, host.route), node: node) }
        return taken
    }

    private func release(_ taken: [String: TakenHost]) async throws {
        try await uncancelled { [plan] in
            await withTaskGroup(of: Void.self) { group in
                for host in taken.values {
                    group.addTask {
                        if let trouble = await host.lease.end() {
                            Progress.say("\(host.route.place) could not be cleaned up: \(trouble)")
                        }
                        try? OwnFolder(plan.workspace.leasesFolder).remove(host.name)
                    }
                }
            }
        }
    }
}

// --- taking one -------------------------------------------------------------------------------------------------------

extension HostAllocation {
    /// Takes those machines that can be had, at once.
    private func take(_ wanted: [String: PoolHost]) async throws -> [String: TakenHost] {
        for host in wanted.values.sorted(by: { $0.name < $1.name }) where routes[host.name] == nil {
            routes[host.name] = ("host-\(routes.count + 1)", try await resolver.route(to: host))
        }
        try files.write(routes.values.sorted { $0.name < $1.name })
        var taken: [String: TakenHost] = [:]
        var failure: (any Error)?
        await withTaskGroup(of: Attempt.self) { group in
            for (node, host) in wanted {
                group.addTask {
                    do { return Attempt(node: node, host: try await self.take(host, for: node)) } catch {
                        return Attempt(node: node, failure: error)
                    }
                }
            }
            for await attempt in group {
                taken[attempt.node] = attempt.host
                failure = failure ?? attempt.failure
            }
        }
        if let failure {
            try await release(taken)
            throw failure
        }
        return taken
    }

    /// What has become of one. (As a tuple with a `Result` in it, Swift 6.3's optimizer makes it something that can't be copied.)
    private struct Attempt: Sendable {
        let node: String
        var host: TakenHost?
        var failure: (any Error)?
    }

    private func take(_ host: PoolHost, for node: String) async throws -> TakenHost? {
        guard let (name, route) = routes[host.name] else { preconditionFailure("\(host.name) has no route") }
        if let unknown = try await UnfitHost.unknownKey(route) {
            unfit[host.name] = unknown
            return nil
        }
        let login = login(host, route)
        try note(name, host, login: login, node: node)
        let owner = [
            "\(NSUserName())@\(ProcessIdentity.current.machine.prefix { $0 != " " })",
            "process \(getpid()), cluster \(plan.name), since \(Self.now)",
        ]
        let answer = try await HostLease.take(
            HostFiles.ssh(plan.workspace, name, as: login), cluster: plan.id, base: host.base, login: route.user,
            owner: owner)
        switch answer {
        case .held(let lease, let facts):
            for remains in facts.remains {
                Progress.say(
                    "\(route.place) was still locked by a cluster whose process has died, and is cleaned up: \(UnfitHost.words(remains))"
                )
            }
            return TakenHost(host: host, route: route, name: name, lease: lease, facts: facts)
        case .busy(let holder): holders[route.place] = UnfitHost.words(holder)
        case .refused(let reason): unfit[host.name] = UnfitHost("\(route.place) can't be used: \(reason)")
        case .silent(let limit, let complaint):
            unfit[host.name] = UnfitHost.silent(route, login, for: limit, complaint)
        case .unreachable(let code, let complaint):
            unfit[host.name] = try await UnfitHost.unreachable(route, login, exitCode: code, complaint)
        }
        try? OwnFolder(plan.workspace.leasesFolder).remove(name)
        return nil
    }

    /// Whoever may do most cleans up.
    private func login(_ host: PoolHost, _ route: HostRoute) -> String { host.hasRoot ? "root" : route.user }

    /// Notes where there may be something to be cleaned up, and which node it is.
    private func note(_ name: String, _ host: PoolHost, login: String, node: String) throws {
        let record = "\(login)\n\(host.base)/cf-\(plan.id)\n\(node)\n"
        try OwnFolder(plan.workspace.leasesFolder).replace(name, with: record)
    }

    /// The time as anybody reads it, anywhere.
    private static var now: String { Date.now.formatted(.iso8601) }
}
