import Foundation

/// Images on the machines of a Swarm: each is made once, on the manager, and then brought to the machines that lack it.
package struct SwarmImages: Sendable {
    package let manager: DockerEngine
    /// A registry that all machines can reach; nil if images are carried by this process.
    package let registry: String?
    package let timeline: Timeline

    package init(manager: DockerEngine, registry: String?, timeline: Timeline) {
        self.manager = manager
        self.registry = registry
        self.timeline = timeline
    }

    /// Brings an image of the manager's to the machines that do not have it.
    ///
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    package func ensure(_ name: String, on engines: [DockerEngine]) async throws {
        let others = engines.filter { $0.host != manager.host || $0.context != manager.context }
        if others.isEmpty { return }
        let there = try await concurrently([manager] + others, atMost: others.count + 1) { engine in
            try await DockerImages(engine: engine).content(of: name)
        }
        guard let wanted = there[0] else {
            throw ClusterError(.imageUnavailable, "The Swarm's manager has no image \(name) any more.")
        }
        let lacking = zip(others, there.dropFirst()).filter { $1 != wanted }.map(\.0)
        _ = try await concurrently(lacking, atMost: Self.atOnce) { engine in
            try await Self.transfers.once("\(engine) \(wanted)") {
                if let registry {
                    try await pull(name, from: registry, to: engine)
                } else {
                    try await carry(name, to: engine)
                }
                guard try await DockerImages(engine: engine).content(of: name) == wanted else {
                    throw unavailable(name, on: engine.machine ?? "another machine", "it got another one of that name")
                }
            }
        }
    }

    /// To how many machines an image is brought at a time: the manager reads it anew for each.
    private static let atOnce = 4
    /// How long that may take for each: 15 minutes are 11 MB a second for the largest image.
    private static let patience = Duration.seconds(900)

    private func carry(_ name: String, to engine: DockerEngine) async throws {
        let machine = engine.machine ?? "another machine"
        timeline.note(.work, "carrying the image \(name) to \(machine); this is done once")
        let (source, sink): (CommandOutput, CommandOutput?)
        do {
            (source, sink) = try await withDeadline(Self.patience) {
                try await Pipeline().run(manager.command(["save", name])) { _ in engine.command(["load", "--quiet"]) }
            }
        } catch is DeadlineExceeded {
            throw unavailable(name, on: machine, "it did not have it after \(Self.patience.inSeconds)")
        }
        guard source.succeeded, let sink, sink.succeeded else {
            let complaint = source.succeeded ? sink?.complaint ?? "" : source.complaint
            throw unavailable(name, on: machine, complaint)
        }
    }

    private func pull(_ name: String, from registry: String, to engine: DockerEngine) async throws {
        let (machine, there) = (engine.machine ?? "another machine", "\(registry)/\(name)")
        timeline.note(.work, "giving \(machine) the image \(name) by \(registry); this is done once")
        // Registries do not bear the same image from two at the same time.
        try await Self.transfers.once("\(manager) \(there)") {
            try await manager.change(
                ["tag", name, there], else: "The image \(name) could not be named for \(registry)")
            let output = try await manager.ask(["push", "--quiet", there], within: Self.patience)
            guard output.succeeded else {
                throw ClusterError(
                    .imageUnavailable,
                    ClusterError.sentence(
                        "The registry \(registry) could not be given the image \(name): \(DockerEngine.cause(output.complaint))"
                    ),
                    remedy: "See whether the manager may push there: `\(manager.typed) push \(there)`.")
            }
        }
        for words in [["pull", "--quiet", there], ["tag", there, name]] {
            let output = try await engine.ask(words, within: Self.patience)
            guard output.succeeded else { throw unavailable(name, on: machine, output.complaint) }
        }
    }

    private func unavailable(_ name: String, on machine: String, _ complaint: String) -> ClusterError {
        ClusterError(
            .imageUnavailable,
            ClusterError.sentence("\(machine) could not be given the image \(name): \(DockerEngine.cause(complaint))"),
            remedy: "See whether it has room: `docker system df` there.")
    }

    private static let transfers = OnceEach<Void>()
}
