/// What has happened to a cluster, in the order in which it did. It only grows.
package final class Timeline: Sendable {
    private let beginning = ContinuousClock.now
    private let log = Locked<[Event]>([])
    private let lastFault = Locked(0)
    private let readers: [any TimelineReader]

    /// - Parameter readers: Who is told of every event at once.
    package init(_ readers: any TimelineReader...) { self.readers = readers }

    /// What has happened so far.
    package var events: [Event] { log.withLock { $0 } }

    /// Adds an event, which has happened now.
    package func note(_ kind: Event.Kind, node: String? = nil, _ detail: String = "") {
        let event = log.withLock { events in
            // The time is taken here, so that events stand in its order.
            let event = Event(time: ContinuousClock.now - beginning, node: node, kind: kind, detail: detail)
            events.append(event)
            return event
        }
        for reader in readers { reader.read(event) }
    }

    /// Notes that something was broken on purpose.
    ///
    /// - Returns: The fault's number, by which ``endFault(_:)`` says that it is over.
    package func beginFault(_ detail: String, node: String? = nil) -> Int {
        let number = lastFault.withLock { number in
            number += 1
            return number
        }
        note(.faultBegan(number), node: node, detail)
        return number
    }

    /// Notes that a fault is over.
    package func endFault(_ number: Int, node: String? = nil) { note(.faultEnded(number), node: node) }

    /// Runs a program that may take long, and notes what it prints.
    ///
    /// - Returns: Its exit code, and the last lines of what it printed.
    package func follow(_ command: Command) async throws -> (exitCode: Int32, log: String) {
        let lines = Locked<[String]>([])
        let code = try await command.eachLine { line in
            lines.withLock { $0.append(line) }
            self.note(.output, line)
        }
        return (code, ClusterError.lastLines(lines.withLock { $0.joined(separator: "\n") }, 30))
    }
}

/// Somebody who is told what happens to a cluster while it happens.
package protocol TimelineReader: Sendable {
    func read(_ event: Event)
}
