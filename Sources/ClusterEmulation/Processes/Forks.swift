#if os(Linux)
import CNamespaces
#elseif canImport(Darwin)
import Darwin
#endif

/// Descriptors that stand for this process's life: a child that fork(2) makes of it, and that starts no other program, is not to
/// have a copy. (Those that start one have none anyway: the descriptors are closed on exec.) On macOS such a child keeps it.
enum Forks {
    static func keepFromChildren(_ descriptor: Int32) {
        #if os(Linux)
        ns_keep_from_children(descriptor)
        #endif
    }

    static func close(_ descriptor: Int32) {
        #if os(Linux)
        ns_close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }
}
