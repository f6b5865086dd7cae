import Foundation

/// The checkout that the tests were compiled in.
package enum CheckoutFiles {
    package static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}
