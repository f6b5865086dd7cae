import Foundation

/// This machine's `tar`: GNU's, as most Linux systems have it, or libarchive's, as macOS has it. A node's is GNU's.
struct LocalTar: Sendable {
    private enum Make { case gnu, libarchive }

    private let make: Make

    /// - Throws: ``ClusterError`` with the code `missingProgram` if there is neither.
    static func find() async throws -> LocalTar {
        let version = try await Command("tar", ["--version"]).output().standardOutput
        if version.contains("GNU tar") { return LocalTar(make: .gnu) }
        if version.contains("bsdtar") { return LocalTar(make: .libarchive) }
        throw ClusterError(
            .missingProgram, "The `tar` of this machine is neither GNU's nor libarchive's (bsdtar).",
            remedy: "Install one of them, first on PATH.")
    }

    /// Writes an archive of a folder's contents, or of one name in it, to standard output.
    func pack(_ name: String?, in folder: String) -> Command {
        let words =
            switch make {
            case .gnu: ["--create", "--file=-", "--format=posix", "--sparse", "--no-unquote", "--directory=\(folder)"]
            // Files are sparse in its archives wherever they are on disk.
            case .libarchive: ["-c", "-f", "-", "--format=pax", "-C", folder]
            }
        return Command("tar", words + [name.map { "./\($0)" } ?? "."], environment: Self.environment)
    }

    /// Unpacks an archive from standard input, which somebody has made who is not trusted: nothing gets out of the folder, and nobody
    /// else's rights come with it (setuid, setgid and sticky bits).
    ///
    /// - Parameters:
    ///   - name: All that is taken, or nil for everything.
    ///   - folder: Where to. It is empty: tar keeps within a folder only where no links are that it has not made itself.
    /// - Returns: The program, not started.
    func unpack(_ name: String?, into folder: String) -> Command {
        let words: [String]
        switch make {
        case .gnu:
            let kept = name == nil ? [] : ["--no-recursion"]
            words =
                ["--extract", "--file=-", "--no-same-permissions", "--no-same-owner", "--no-unquote"] + kept
                + ["--directory=\(folder)"] + (name.map { ["./\($0)"] } ?? [])
        case .libarchive:
            words =
                ["-x", "-f", "-", "--no-same-permissions", "--no-same-owner", "-C", folder]
                + (name.map { ["-q", "./" + Self.withoutPatterns($0)] } ?? [])
        }
        // Modes are the archive's, whatever the caller's mask is. libarchive's stops before the end: the rest is read as well, or
        // whoever writes would be told that nobody does.
        let run = make == .gnu ? #"exec tar "$@""# : #"tar "$@" && exec cat >/dev/null"#
        return Command("/bin/sh", ["-c", "umask 0; " + run, "sh"] + words, environment: Self.environment)
    }

    /// Whether the folder that an archive is unpacked in gets the mode and the time of the one that was packed.
    var keepsFoldersOwnMode: Bool { make == .gnu }

    /// Messages that can be read here, and names as they are. macOS writes files of its own beside others unless it is told not to.
    private static let environment = ["LC_ALL": "C.UTF-8", "COPYFILE_DISABLE": "1"]

    /// libarchive's takes names that it is to unpack for patterns.
    private static func withoutPatterns(_ name: String) -> String {
        name.replacingSigns(#"\*?[]"#) { "\\\($0)" }
    }
}
