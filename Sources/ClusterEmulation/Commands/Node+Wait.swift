/// Something that comes to be on a node sooner or later.
public struct NodeCondition: Sendable, Hashable, CustomStringConvertible {
    /// What it is, in words.
    public let description: String
    /// A line for sh that succeeds when it is so, and the words that it gets.
    let check: String
    let words: [String]
    /// The port that it is about, if it is about one.
    var port: Int?

    /// A program listens at a TCP port, of whichever of the node's addresses.
    ///
    /// - Parameter number: The port in the node: 1 to 65535.
    /// - Returns: The condition.
    public static func port(_ number: Int) -> NodeCondition {
        let hexadecimal = String(number, radix: 16, uppercase: true)
        let port = String(repeating: "0", count: max(0, 4 - hexadecimal.count)) + hexadecimal
        // A socket that listens has the state 0A (proc(5)).
        return NodeCondition(
            description: "program that listens at port \(number)",
            check: #"grep -qs " [0-9A-F]*:$1 [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6"#, words: [port],
            port: number)
    }

    /// There is a file, or whatever else, of a path.
    ///
    /// - Parameter path: A path on the node, relative to the user's home unless it begins with `/`.
    /// - Returns: The condition.
    public static func file(_ path: String) -> NodeCondition {
        NodeCondition(description: "file \(path)", check: #"[ -e "$1" ]"#, words: [path])
    }

    /// A shell line ends with the exit code 0. It is run again and again.
    ///
    /// - Parameter line: The line, which bash reads.
    /// - Returns: The condition.
    public static func command(_ line: String) -> NodeCondition {
        NodeCondition(
            description: "success of `\(line)`", check: #"bash -c "$1" </dev/null >/dev/null 2>&1"#, words: [line])
    }

    /// A file has a line with a text.
    ///
    /// - Parameters:
    ///   - text: The text, or a part of the line.
    ///   - path: The file's path on the node, relative to the user's home unless it begins with `/`. It need not be there yet.
    /// - Returns: The condition.
    public static func logLine(_ text: String, in path: String) -> NodeCondition {
        NodeCondition(
            description: "line with \"\(text)\" in \(path)", check: #"grep -qsF -- "$1" "$2""#, words: [text, path])
    }
}

extension Node {
    /// Waits until something has come to be on the node, which looks for it itself, twenty times a second.
    ///
    /// ```swift
    /// func startDashboard(on node: Node) async throws {
    ///     _ = try await node.start("dask scheduler > scheduler.log 2>&1")
    ///     try await node.waitUntil(.port(8786), within: .seconds(30))
    ///     try await node.waitUntil(.logLine("dashboard at", in: "scheduler.log"), within: .seconds(30))
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - condition: What is waited for.
    ///   - limit: How long.
    ///   - user: Who looks for it.
    /// - Throws: ``ClusterError`` with the code `timedOut` if it is not so by then, or `invalidConfiguration` for what is not a port; as `run` does if the node can't be reached;
    ///   `CancellationError`.
    public func waitUntil(_ condition: NodeCondition, within limit: Duration, as user: User = .ubuntu) async throws {
        if let port = condition.port { try requirePort(port) }
        let script = "until \(condition.check); do sleep 0.05; done"
        do {
            try await run(["sh", "-c", script, "sh"] + condition.words, as: user, timeout: limit).requireSuccess()
        } catch let error as ClusterError where error.code == .timedOut {
            throw ClusterError(
                .timedOut, "There was no \(condition) on \(name) within \(limit.inSeconds).", node: name,
                underlying: error)
        }
    }
}
