import Foundation

/// A contender in another language: a script of `peers/`, told what to do line by line.
///
/// It says `ready` once it has started and imported all it needs, which nobody's clock sees. `up N` it answers with the
/// nodes' hosts and ports, `restart N` with those after it, `down` with `down`. When its standard input ends, however that comes about, it takes down what
/// it has and ends: it lives in a process group of its own, so that Ctrl-C does not reach it first.
final class Peer {
    private let command: () throws -> [String]
    private var conversation: Conversation?

    /// - Parameter command: The interpreter, the script and its arguments, asked for when it is started.
    init(_ command: @escaping () throws -> [String]) { self.command = command }

    static func script(_ name: String) -> String { Machine.benchmarks + "/peers/" + name }

    /// Starts the script, unless it runs already.
    func start() throws {
        guard conversation == nil else { return }
        conversation = try Conversation(command())
        try expect("ready", for: nil)
    }

    /// Starts nodes and returns where they are; whether sshd answers there yet is for the caller to find out.
    func up(_ nodes: Int) throws -> [Endpoint] { try endpoints("up", nodes) }

    /// Restarts the nodes that are up and returns where they are now.
    func restart(_ nodes: Int) throws -> [Endpoint] { try endpoints("restart", nodes) }

    private func endpoints(_ request: String, _ nodes: Int) throws -> [Endpoint] {
        let answer = try ask("\(request) \(nodes)")
        let pairs = try JSONDecoder().decode([Endpoint].self, from: Data(answer.utf8))
        guard pairs.count == nodes else { throw Failure("\(pairs.count) nodes instead of \(nodes) came up") }
        return pairs
    }

    func down() throws { if conversation != nil { try expect("down", for: "down") } }

    private func expect(_ word: String, for request: String?) throws {
        let answer = try ask(request)
        guard answer == word else { throw Failure("a peer said \"\(answer)\" instead of \"\(word)\"") }
    }

    private func ask(_ request: String?) throws -> String {
        if let request { conversation?.say(request) }
        guard let answer = conversation?.listen() else {
            // What it had to say about it stands on standard error.
            conversation = nil
            throw Failure("`\(try command().prefix(2).joined(separator: " "))` has ended")
        }
        return answer
    }
}

/// A process and the socket that is its standard input and output. Gone when nobody holds it.
private final class Conversation {
    private let process: pid_t
    private let socket: FileHandle
    private var heard = Data()

    init(_ command: [String]) throws {
        let (ours, theirs) = try Spawn.socketPair()
        defer { close(theirs) }
        socket = FileHandle(fileDescriptor: ours, closeOnDealloc: true)
        process = try Spawn.start(command, input: theirs, output: theirs, errors: 2, inOwnGroup: true)
    }

    /// Waits until the script has cleaned up after itself.
    deinit {
        try? socket.close()
        waitpid(process, nil, 0)
    }

    func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = send(socket.fileDescriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Returns the next line, or nil at the end.
    func listen() -> String? {
        while true {
            if let end = heard.firstIndex(of: UInt8(ascii: "\n")) {
                defer { heard = Data(heard[(end + 1)...]) }
                return String(decoding: heard[..<end], as: UTF8.self)
            }
            let more = socket.availableData
            if more.isEmpty { return nil }
            heard += more
        }
    }
}
