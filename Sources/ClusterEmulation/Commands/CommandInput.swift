public import Foundation

/// What a command can read as its standard input: a `String` as UTF-8, `Data`, or the `URL` of a file of this machine.
public protocol CommandInput: Sendable {
    /// Where the bytes come from.
    var source: CommandInputSource { get }
}

/// Where the bytes come from that a command reads.
public struct CommandInputSource: Sendable {
    private enum Kind: Sendable {
        case bytes([UInt8])
        case file(String)
    }

    private let kind: Kind

    /// Bytes that are there.
    public static func bytes(_ bytes: some Sequence<UInt8>) -> CommandInputSource {
        CommandInputSource(kind: .bytes(Array(bytes)))
    }

    /// A file of this machine, which is read while the command runs.
    public static func file(_ path: String) -> CommandInputSource { CommandInputSource(kind: .file(path)) }
}

extension String: CommandInput {
    /// The text as UTF-8.
    public var source: CommandInputSource { .bytes(utf8) }
}

extension Data: CommandInput {
    /// The bytes as they are.
    public var source: CommandInputSource { .bytes(self) }
}

extension URL: CommandInput {
    /// The file, which has to be on this machine.
    public var source: CommandInputSource { .file(path) }
}

extension CommandInputSource {
    /// The beginning of a text that is told in confidence; of a file nothing is known.
    var text: String {
        switch kind {
        case .bytes(let bytes): String(decoding: bytes.prefix(Secrets.longestInput + 1), as: UTF8.self)
        case .file: String(repeating: "?", count: Secrets.longestInput + 1)
        }
    }

    /// Opens it for a command.
    ///
    /// - Returns: What pipes take, and what closes it.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if the file can't be read.
    func opened(for node: String) throws -> (input: ProgramPipes.Input, close: @Sendable () -> Void) {
        switch kind {
        case .bytes(let bytes): return (.bytes(bytes), {})
        case .file(let path):
            let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
            var status = stat()
            let isFolder = descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            if descriptor < 0 || isFolder {
                let cause = String(cString: strerror(isFolder ? EISDIR : errno))
                if isFolder { Foundation.close(descriptor) }
                throw ClusterError(
                    .invalidConfiguration, "A command on \(node) can't read \(path): \(cause).", node: node)
            }
            return (.descriptor(descriptor), { _ = Foundation.close(descriptor) })
        }
    }
}
