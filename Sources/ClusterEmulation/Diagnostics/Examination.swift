import Foundation

/// One thing that clusters need or can use, and whether this machine has it.
package struct Finding: Sendable, Encodable {
    package let name: String
    package let ok: Bool
    /// Whether no cluster can be started without it.
    package let isNeeded: Bool
    package let detail: String
    /// The command that provides what is missing, or what else to do.
    package let remedy: String?
}

/// What this machine can do for clusters.
package enum Examination {
    /// All findings, the ones that everything depends on first.
    package static func all() async -> [Finding] {
        let backends = await backends()
        return [programs(), automatic(backends)] + backends + extras() + [await leftovers()]
    }

    /// What a fixture gets that leaves the choice open.
    private static func automatic(_ backends: [Finding]) -> Finding {
        let usable = backends.filter(\.ok).map(\.name)
        do {
            let tried = try BackendChoice.automatic.candidates().map(\.name)
            let detail =
                tried.first(where: usable.contains).map { "\($0) is what `automatic` takes" }
                ?? "`automatic` tries \(tried.joined(separator: " and ")), and can use none"
                + (usable.first.map { "; \($0) can be used by its name" } ?? "")
            return Finding(
                name: "a backend", ok: !usable.isEmpty, isNeeded: true, detail: detail,
                remedy: usable.isEmpty ? "set up one of the backends below" : nil)
        } catch {
            let error = ClusterError.unexpected(error)
            return Finding(name: "a backend", ok: false, isNeeded: true, detail: error.message, remedy: error.remedy)
        }
    }

    private static func programs() -> Finding {
        let missing = ["ssh", "scp", "ssh-keygen"].filter { ProgramPath.findByName($0) == nil }
        return Finding(
            name: "OpenSSH's client", ok: missing.isEmpty, isNeeded: true,
            detail: missing.isEmpty
                ? ProgramPath.findByName("ssh") ?? "" : "\(missing.joined(separator: ", ")) not found",
            remedy: missing.isEmpty ? nil : "apt-get install openssh-client")
    }

    private static func backends() async -> [Finding] {
        var findings: [Finding] = []
        for backend in BackendChoice.all {
            switch await backend.availability() {
            case .available(let description):
                findings.append(
                    Finding(name: backend.name, ok: true, isNeeded: false, detail: description, remedy: nil))
                findings.append(
                    Finding(
                        name: "faults on \(backend.name)", ok: true, isNeeded: false,
                        detail: FaultSupport(of: backend).words, remedy: nil))
            case .unavailable(let reason, let remedy):
                findings.append(Finding(name: backend.name, ok: false, isNeeded: false, detail: reason, remedy: remedy))
            }
        }
        return findings
    }

    private static func extras() -> [Finding] {
        #if os(Linux)
        [
            finding("root file systems, for namespaces", "by mmdebstrap or debootstrap") {
                _ = try RootFileSystems.program(for: "debian")
            },
            finding("rules of the network, for namespaces", "by nft") {
                _ = try NetworkRules.program(for: "The network has no rules")
            },
            finding("the outside (--outside), for namespaces", "by slirp4netns") { _ = try Outside() },
        ]
        #else
        []
        #endif
    }

    private static func finding(_ name: String, _ detail: String, _ attempt: () throws -> Void) -> Finding {
        do { try attempt() } catch {
            let error = ClusterError.unexpected(error)
            return Finding(name: name, ok: false, isNeeded: false, detail: error.message, remedy: error.remedy)
        }
        return Finding(name: name, ok: true, isNeeded: false, detail: detail, remedy: nil)
    }

    private static func leftovers() async -> Finding {
        let count = await Leftovers.found().count + KeptImages.unfinished().count
        return Finding(
            name: "leftovers", ok: count == 0, isNeeded: false,
            detail: count == 0 ? "none" : "\(count) of processes that have died",
            remedy: count == 0 ? nil : "cluster-fixture prune")
    }
}
