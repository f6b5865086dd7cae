import Foundation

/// Standard output, unbuffered: a run takes minutes, and what is known is said.
enum Console {
    static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
