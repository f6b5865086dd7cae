/// How a process has ended, as waitpid(2) gives it.
package struct WaitStatus {
    private let status: Int32

    package init(_ status: Int32) { self.status = status }

    /// Whether it has stopped, and not ended.
    package var isStop: Bool { status & 0xff == 0x7f }

    /// The exit code, or 128 plus the number of the signal that ended it, as shells count.
    package var shellCode: Int32 { status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f) }
}
