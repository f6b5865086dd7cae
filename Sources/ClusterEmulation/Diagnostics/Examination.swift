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
        let client = programs()
        let backends = await backends()
        let usable = backends.first(where: \.ok)
        let some = Finding(
            name: "a backend", ok: usable != nil, isNeeded: true,
            detail: usable.map { "\($0.name) is what `automatic` takes" }
                ?? "neither an engine nor namespaces can be used",
            remedy: usable == nil ? "one of the two below" : nil)
        return [client, some] + backends + extras() + [await leftovers()]
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
        var failure: ClusterError?
        do { _ = try Outside() } catch { failure = error as? ClusterError }
        return [
            Finding(
                name: "the outside (--outside)", ok: failure == nil, isNeeded: false,
                detail: failure?.message ?? "by slirp4netns", remedy: failure?.remedy)
        ]
        #else
        return []
        #endif
    }

    private static func leftovers() async -> Finding {
        let count = await Leftovers.found().count + KeptImages.unfinished().count
        return Finding(
            name: "leftovers", ok: count == 0, isNeeded: false,
            detail: count == 0 ? "none" : "\(count) of processes that have died",
            remedy: count == 0 ? nil : "cluster-fixture prune")
    }
}
