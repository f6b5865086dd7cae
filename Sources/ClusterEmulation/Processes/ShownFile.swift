import Foundation

#if os(Linux)
import CNamespaces
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file that a program sees in the place of one of this machine's: by a mount in a namespace of its own, of which nothing is left
/// when it ends. Nothing else changes for it.
package struct ShownFile: Sendable, Hashable {
    package let source: String
    /// The place of this machine's own file.
    package let target: String

    package init(_ source: String, at target: String) {
        self.source = source
        self.target = target
    }
}

#if os(Linux)
extension ShownFile {
    /// What kept a program from being started.
    package struct Failure: Error {
        package let code: Int32
        /// Whether the files could not be shown, and the program has nothing to do with it.
        package let isOfMounts: Bool
    }

    /// Starts a program that sees files, which only root may have it do.
    ///
    /// - Parameters:
    ///   - program: Its path.
    ///   - words: What it is called, and its arguments.
    ///   - environment: All of its variables.
    ///   - files: What it sees.
    ///   - notice: Who is told of the process before it is the program.
    /// - Returns: The process.
    /// - Throws: ``Failure``.
    package static func spawn(
        _ program: String, _ words: inout [UnsafeMutablePointer<CChar>?],
        _ environment: inout [UnsafeMutablePointer<CChar>?], seeing files: [ShownFile], telling notice: ProcessNotice?
    ) throws -> Int32 {
        let texts = files.flatMap { [strdup($0.source), strdup($0.target)] }
        let (before, after) = (strdup(notice?.before ?? ""), strdup(notice?.after ?? ""))
        defer { for text in texts + [before, after] { free(text) } }
        let mounts = files.indices.map {
            ns_mount(source: texts[2 * $0], target: texts[2 * $0 + 1], read_only: 0, writable: nil, overlay: nil)
        }
        var isShown: Int32 = 0
        var told = ns_notice(socket: notice?.socket ?? -1, before: before, after: after)
        let process = withUnsafePointer(to: &told) {
            ns_spawn(program, words, environment, mounts, mounts.count, notice == nil ? nil : $0, &isShown)
        }
        guard process > 0 else { throw Failure(code: errno, isOfMounts: isShown == 0) }
        return process
    }
}
#endif
