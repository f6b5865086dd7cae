#if canImport(System)
import System
#else
import SystemPackage
#endif

/// What is sent on a socket of a process that is started: its number, between two texts.
///
/// On Linux the process sends it before it is a program. So whoever starts one can be killed at any moment, and whoever is to end it knows it.
package struct ProcessNotice: Sendable {
    package let socket: Int32
    package let before: String
    package let after: String

    /// Sends it.
    package func send(_ process: Int32) {
        StreamSocket.tell("\(before)\(process)\(after)", to: FileDescriptor(rawValue: socket))
    }
}
