import Foundation

/// A machine of a Swarm, as the Swarm's manager tells of it.
package struct SwarmMachine: Sendable, Hashable {
    /// The Swarm's own name for it.
    package let id: String
    /// Its host name.
    package let name: String
    /// The address that it has in the Swarm, or by which its nodes are reached: their ports are published there.
    package private(set) var address: String
    /// What people have written on it: `docker node update --label-add`.
    package let labels: [String: String]
    package let isManager: Bool
    /// Why it can't have nodes; nil if it can.
    package let hindrance: String?
    /// How many processors it has, and how many bytes of memory.
    package let processors: Double
    package let memory: Int

    package init(
        id: String, name: String, address: String, labels: [String: String] = [:], isManager: Bool = false,
        hindrance: String? = nil, processors: Double = 1, memory: Int = 1 << 30
    ) {
        self.id = id
        self.name = name
        self.address = address
        self.labels = labels
        self.isManager = isManager
        self.hindrance = hindrance
        self.processors = processors
        self.memory = memory
    }

    func with(address: String) -> SwarmMachine {
        var other = self
        other.address = address
        return other
    }

    /// Reads a line of `docker node inspect`.
    ///
    /// - Throws: `DecodingError`.
    package init(json: String) throws {
        let facts = try JSONDecoder().decode(Facts.self, from: Data(json.utf8))
        let availability = facts.Spec.Availability
        let hindrance: String? =
            facts.Description?.Hostname == nil
            ? "it has not said yet who it is"
            : facts.Status.State != "ready"
                ? "it is \(facts.Status.State)" : availability == "active" ? nil : "its availability is \(availability)"
        self.init(
            id: facts.ID, name: facts.Description?.Hostname ?? facts.ID, address: facts.address,
            labels: facts.Spec.Labels,
            isManager: facts.Spec.Role == "manager", hindrance: hindrance,
            processors: Double(facts.Description?.Resources?.NanoCPUs ?? 0) / 1e9,
            memory: facts.Description?.Resources?.MemoryBytes ?? 0)
    }

    /// A line of an answer, with Docker's names.
    private struct Facts: Decodable {
        struct Specification: Decodable {
            let Labels: [String: String]
            let Role: String
            let Availability: String
        }
        struct Machine: Decodable {
            let Hostname: String?
            let Resources: Resources?
        }
        struct Resources: Decodable {
            let NanoCPUs: Int?
            let MemoryBytes: Int?
        }
        struct State: Decodable {
            let State: String
            let Addr: String?
        }
        struct Manager: Decodable { let Addr: String }

        let ID: String
        let Spec: Specification
        /// Nil of one that has joined and never said anything.
        let Description: Machine?
        let Status: State
        let ManagerStatus: Manager?

        /// A manager that is the only one may not know how others see it.
        var address: String {
            let own = Status.Addr ?? ""
            guard own == "0.0.0.0" || own.isEmpty, let manager = ManagerStatus?.Addr else { return own }
            return manager.lastIndex(of: ":").map { String(manager[..<$0]) } ?? manager
        }
    }
}
