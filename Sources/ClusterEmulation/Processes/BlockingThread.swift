import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A thread for work that blocks, which Swift's own few must not do.
///
/// Foundation's `Thread` says nothing if the system refuses to make one, and whoever waits for it waits for ever.
package enum BlockingThread {
    /// What macOS gives, in bytes: enough for calls that block, and little where address space is short.
    package static let stackSize = 512 << 10

    /// Starts a thread.
    ///
    /// - Throws: ``ClusterError`` if the system refuses it.
    package static func start(
        stackSize: Int = stackSize, _ body: @escaping @Sendable () -> Void
    ) throws {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(attributes, stackSize)
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        let refusal = pthread_create(&thread, attributes, { perform($0) }, work)
        #else
        var thread = pthread_t()
        let refusal = pthread_create(&thread, attributes, { perform($0) }, work)
        #endif
        guard refusal == 0 else {
            Unmanaged<Work>.fromOpaque(work).release()
            throw ClusterError(
                .provisioningFailed,
                "The system refused this process another thread: \(String(cString: strerror(refusal))).",
                remedy:
                    "See what limits its threads or its memory (`ulimit -u`, `ulimit -v`, pids.max of its control group)."
            )
        }
    }

    /// Does the work on a thread of its own, or on this one if the system refuses it, and returns when it is done.
    package static func run<Result: Sendable>(
        stackSize: Int = stackSize, _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            do {
                try start(stackSize: stackSize) { continuation.resume(returning: body()) }
            } catch {
                continuation.resume(returning: body())
            }
        }
    }
}

private final class Work {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func perform(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
    return nil
}
