import Foundation

/// Clusters that somebody has started and has not stopped so far. They go with this process, but were meant to go before.
enum Unstopped {
    /// What is to be said of each, by its id.
    private static let clusters = Locked<[String: String]>([:])

    static func add(_ id: String, _ sentence: String) {
        _ = saysAtExit
        clusters.withLock { $0[id] = sentence }
    }

    static func remove(_ id: String) { clusters.withLock { _ = $0.removeValue(forKey: id) } }

    /// Says that nobody can stop a cluster any more.
    static func letGo(_ id: String) {
        guard let sentence = clusters.withLock({ $0.removeValue(forKey: id) }) else { return }
        Progress.say(
            "\(sentence), and was released without being stopped: it is removed when this process ends. \(remedy)")
    }

    private static let remedy =
        "Call `stop()`, or its fixture's `tearDown()`; a `ClusterTestCase` and `withCluster` do it by themselves."

    private static let saysAtExit: Void = {
        atexit {
            for sentence in clusters.withLock({ $0 }).values.sorted() {
                Progress.say("\(sentence), and never stopped: it goes now, with this process. \(remedy)")
            }
        }
    }()
}
