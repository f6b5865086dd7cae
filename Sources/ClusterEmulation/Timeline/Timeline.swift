package import Foundation

/// What has happened to a cluster, and what was done with it, each in its order.
package final class Timeline: Sendable {
    private let beginning = ContinuousClock.now
    /// When it began, by the clock on the wall: other processes' events are put in their place by it.
    package let date = Date()
    private let log = Locked<[Event]>([])
    private let done = Locked(Activities())
    private let lastFault: Locked<Int>
    private let readers: [any TimelineReader]

    /// - Parameter readers: Who is told of every event at once.
    package convenience init(_ readers: any TimelineReader...) { self.init(readers, lastFault: 0) }

    init(_ readers: [any TimelineReader], lastFault: Int) {
        self.readers = readers
        self.lastFault = Locked(lastFault)
    }

    /// What has happened so far. It only grows.
    package var events: [Event] { log.withLock { $0 } }

    /// What was done so far, as it began. Of what has ended the last thousand are kept.
    package var activities: [Activity] { done.withLock { $0.all } }

    /// Whether it tells of what this process does to a cluster that another has made.
    var isOfFoundCluster: Bool { readers.contains { $0 is EventFile } }

    /// How long ago it began.
    package var now: Duration { ContinuousClock.now - beginning }

    /// Adds an event, which has happened now.
    package func note(_ kind: Event.Kind, node: String? = nil, _ detail: String = "") {
        note(kind, nodes: node.map { [$0] } ?? [], detail)
    }

    /// Adds an event of several nodes, which has happened now.
    package func note(_ kind: Event.Kind, nodes: [String], _ detail: String = "") {
        let event = log.withLock { events in
            // The time is taken here, so that events stand in its order.
            let event = Event(time: now, nodes: nodes, kind: kind, detail: detail)
            events.append(event)
            return event
        }
        for reader in readers { reader.read(event) }
    }

    /// Notes that something was broken on purpose.
    ///
    /// - Parameters:
    ///   - detail: What it is.
    ///   - nodes: The nodes that it is done to; none if it is the cluster.
    /// - Returns: The fault's number, by which ``endFault(_:)`` says that it is over.
    package func beginFault(_ detail: String, nodes: [String]) -> Int {
        let number = lastFault.withLock { number in
            number += 1
            return number
        }
        note(.faultBegan(number), nodes: nodes, detail)
        return number
    }

    /// Notes that something was broken on purpose, on a node or in the cluster.
    package func beginFault(_ detail: String, node: String? = nil) -> Int {
        beginFault(detail, nodes: node.map { [$0] } ?? [])
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

extension Timeline {
    /// Notes that something has begun.
    ///
    /// - Returns: Its number, by which ``end(_:exitCode:trouble:output:complaint:)`` says that it is over.
    package func begin(
        _ kind: Activity.Kind, _ text: String, node: String? = nil, user: User? = nil, place: String = "",
        secrets: Secrets = Secrets()
    ) -> Int {
        let text = text.cut(to: Activity.longestText)
        return done.withLock { done in
            done.begin { number in
                Activity(
                    number: number, kind: kind, node: node, user: user, text: text, place: place, begin: now,
                    secrets: secrets)
            }
        }
    }

    /// Notes that something is over.
    package func end(
        _ number: Int, exitCode: Int32? = nil, trouble: String? = nil, output: String = "", complaint: String = ""
    ) {
        let (output, complaint) = (output.tail(Activity.longestOutput), complaint.tail(Activity.longestOutput))
        done.withLock { done in
            done.end(number) { activity in
                activity.end = now
                (activity.exitCode, activity.trouble) = (exitCode, trouble)
                (activity.output, activity.complaint) = (output, complaint)
            }
        }
    }

    /// Does something that is noted from its beginning to its end.
    func during<Result>(
        _ kind: Activity.Kind, _ text: String, node: String? = nil, user: User? = nil,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let number = begin(kind, text, node: node, user: user)
        do {
            let result = try await body()
            end(number)
            return result
        } catch {
            end(number, error)
            throw error
        }
    }

    /// Notes that something has ended by an error.
    package func end(_ number: Int, _ error: any Error) {
        let known = error as? ClusterError
        end(
            number, trouble: error is CancellationError ? "cancelled" : known?.message ?? "\(error)",
            complaint: known?.log ?? "")
    }
}

/// What was done with a cluster: all that goes on, and the last that has ended.
private struct Activities {
    /// How many of those that have ended are kept at least.
    private static let most = 1000

    private var last = 0
    private var running: [Int: Activity] = [:]
    private var ended: [Activity] = []

    var all: [Activity] { (ended.suffix(Self.most) + running.values).sorted { $0.number < $1.number } }

    mutating func begin(_ make: (Int) -> Activity) -> Int {
        last += 1
        running[last] = make(last)
        return last
    }

    mutating func end(_ number: Int, _ change: (inout Activity) -> Void) {
        guard var activity = running.removeValue(forKey: number) else { return }
        change(&activity)
        ended.append(activity)
        if ended.count >= 2 * Self.most { ended.removeFirst(Self.most) }
    }
}

/// Somebody who is told what happens to a cluster while it happens.
package protocol TimelineReader: Sendable {
    func read(_ event: Event)
}
