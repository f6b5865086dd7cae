import Foundation
import Subprocess

#if canImport(System)
import System
#else
import SystemPackage
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A process in a session of its own that outlives this one and removes a cluster if this one dies, however it dies.
///
/// It waits on a socket whose other end only this process holds. Told `done`, it ends; when the socket closes without a
/// word, it removes what is left. (A pipe would do, but for the signal that writing to a dead reader sends.)
package final class Reaper: Sendable {
    private let lifeline: FileDescriptor
    private let process: Task<Void, Never>

    private init(lifeline: FileDescriptor, process: Task<Void, Never>) {
        self.lifeline = lifeline
        self.process = process
    }

    /// Starts the process; it is there when this returns.
    ///
    /// - Parameters:
    ///   - workspace: The cluster's folder on this machine, which goes in any case: at once, since it has keys in it, and
    ///     at the end once more, since a key may have been in the making. It may not be there yet.
    ///   - script: What else has to go.
    /// - Returns: The process, waiting.
    /// - Throws: ``ClusterError`` if it could not be started.
    package static func start(_ workspace: Workspace, script: ReapingScript?) async throws -> Reaper {
        let (reading, writing) = try StreamSocket.pair()
        let text = """
            also=
            while read -r word process; do
                case $word in
                    done) exit 0 ;;
                    also) also=$process ;;
                esac
            done
            [ -z "$also" ] || kill -TERM "$also"
            folder=$1 mark=$2 cluster=$3; shift 3
            \(Self.removal)
            remove_folder
            \(script?.text ?? "")
            remove_folder
            """
        let arguments =
            [
                "-c", text, "cluster-fixture-reaper", workspace.folder, Workspace.markFile,
                "\(workspace.cluster, default: "")",
            ]
            + (script?.arguments ?? [])
        var options = PlatformOptions()
        options.createSession = true
        let (started, continuation) = AsyncStream.makeStream(of: Void.self)
        let process = Task { [options] in
            _ = try? await Subprocess.run(
                .path("/bin/sh"), arguments: Arguments(arguments), platformOptions: options,
                input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .discarded, error: .discarded
            ) { _ in continuation.yield() }
            continuation.finish()
        }
        Forks.keepFromChildren(writing.rawValue)
        for await _ in started { return Reaper(lifeline: writing, process: process) }
        Forks.close(writing.rawValue)
        throw ClusterError(.missingProgram, "/bin/sh could not be started to watch over the cluster.")
    }

    /// What ``Workspace/remove()`` does, for a shell: nothing to what is a link, another user's, or without the mark, and
    /// nothing beyond a mount. One whose maker died while it marked it has an empty mark, and nothing else.
    private static let removal = """
        marked=
        remove_folder() {
            [ -d "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] || return 0
            ! grep -qsxF -- "$cluster" "$folder/$mark" || marked=yes
            if [ -n "$marked" ]; then
                ! grep -qsF -- " $(printf %s "$folder" | sed 's/ /\\\\040/g')/" /proc/self/mountinfo || return 0
                find "$folder" -mindepth 1 -xdev -depth ! -name "$mark" -delete
                rm -f -- "$folder/$mark"
            elif [ ! -s "$folder/$mark" ]; then
                rm -f -- "$folder/$mark"
            fi
            rmdir -- "$folder"
        }
        """

    /// Names a program that is to end as well if this process dies; nil if none is any more.
    package func alsoEnd(_ process: Int32?) { tell("also \(process.map { "\($0)" } ?? "")") }

    /// Sends the process home: all is removed, or meant to stay.
    package func dismiss() async {
        tell("done")
        Forks.close(lifeline.rawValue)
        await ended()
    }

    /// Returns when the process has ended.
    package func ended() async { await process.value }

    private func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        #if canImport(Darwin)
        _ = send(lifeline.rawValue, bytes, bytes.count, 0)
        #else
        _ = send(lifeline.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #endif
    }

    /// Lets the process do its work, now and without this process waiting for it.
    package func release() { Forks.close(lifeline.rawValue) }
}
