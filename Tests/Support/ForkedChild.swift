import Foundation

/// A child that fork(2) makes, as libraries in C do, and that starts no other program: it has all that this process has open.
package enum ForkedChild {
    /// Returns the child's number; it waits until a signal ends it.
    package static func start() -> Int32 {
        typealias Fork = @convention(c) () -> Int32
        // Swift hides the function, since little may be done in such a child.
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "fork") else { return -1 }
        let child = unsafeBitCast(symbol, to: Fork.self)()
        while child == 0 { pause() }
        return child
    }

    /// Ends a child of this process.
    package static func end(_ child: Int32) {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
    }
}
