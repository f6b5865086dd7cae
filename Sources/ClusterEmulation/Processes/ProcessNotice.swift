/// What is sent on a socket of a process that is started: its number, between two texts.
///
/// On Linux the process sends it before it is a program. So whoever starts one can be killed at any moment, and whoever is to end it knows it.
package struct ProcessNotice: Sendable {
    package let socket: Int32
    package let before: String
    package let after: String

    /// Sends it.
    package func send(_ process: Int32) {
        let text = Array("\(before)\(process)\(after)".utf8)
        _ = text.withUnsafeBytes { StreamSocket.send($0.baseAddress, $0.count, to: socket) }
    }
}
