import CScripts
import Foundation

/// Copies between this machine and a node: `tar` at either end, over OpenSSH.
///
/// Every system has a `tar`, and every node GNU's, which Debian can't be without. It keeps what a file system knows of a tree, and no
/// pattern, no shell and no start-up file gets at a name.
package struct FileTransfer: Sendable {
    private let route: NodeRoute
    /// Is told what is copied and how much of it, once it has taken a second, and every three seconds from then on.
    private let progress: @Sendable (String, Duration) -> Void

    package init(
        _ route: NodeRoute,
        progress: @escaping @Sendable (String, Duration) -> Void = {
            Progress.say("\($0) (after \(Int($1 / .seconds(1))) s)")
        }
    ) {
        self.route = route
        self.progress = progress
    }

    package func upload(from source: String, to target: String) async throws {
        let place = LocalPlace(source)
        let failure = "\(source) could not be copied to \(target.isEmpty ? "the home" : target) on \(route.place)"
        try refuse([source, target], source)
        let kind: LocalPlace.Kind
        do { kind = try place.kind() } catch { throw failed(failure, [error.words]) }
        let tar = try await LocalTar.find()
        let words = [Self.onNode(target), place.parts.name ?? "", kind.rawValue]
        let command = try await route.command(Self.line(file_receiving_script(), words))
        let pipeline = Pipeline()
        let ends = try await telling("copying \(source) to \(route.node)", pipeline) {
            if kind == .folder { return try await pipeline.run(tar.pack(nil, in: place.path)) { _ in command } }
            return try await withReadableFile(place) { folder, name in
                try await pipeline.run(tar.pack(name, in: folder)) { _ in command }
            }
        }
        if let sink = ends.sink, sink.exitCode == 255 { try await route.requireConnection(sink.complaint) }
        let causes = Self.causes(ends.source, ends.sink)
        if !causes.isEmpty { throw failed(failure, causes) }
    }

    package func download(from source: String, to target: String) async throws {
        let failure = "\(source.isEmpty ? "The home" : source) on \(route.place) could not be copied to \(target)"
        try refuse([source, target], target)
        let path = Self.onNode(source)
        let (folder, name) = LocalPlace.parts(of: path)
        let place = LocalTarget(target, copying: name)
        let tar = try await LocalTar.find()
        // A file or a link gets its new name on the node, so that this machine takes nothing else.
        let newName = (try? place.file(for: .file))?.name ?? name ?? "."
        let newLink = (try? place.file(for: .link))?.name ?? newName
        let mark = "cluster-fixture-\(UInt64.random(in: 0 ... .max))"
        let words = [path, folder, name ?? ".", Self.renaming(to: newName), Self.renaming(to: newLink), mark]
        let command = try await route.command(Self.line(file_sending_script(), words))
        let pipeline = Pipeline()
        try await withArrival { arrival in
            let ends = try await telling("copying \(source) from \(route.node)", pipeline) {
                try await pipeline.run(command, mark: mark) { line in
                    do throws(LocalPlace.Refusal) {
                        let begun = try Arrival(line, at: place)
                        arrival.withLock { $0 = begun }
                        return tar.unpack(begun.onlyName, into: begun.folder)
                    } catch {
                        throw failed(failure, [error.words])
                    }
                }
            }
            var causes = Self.causes(ends.source, ends.sink)
            if let arrival = arrival.withLock({ $0 }) {
                let isWhole = causes.isEmpty
                let refusals = await BlockingThread.run {
                    arrival.putInPlace(isWhole: isWhole, adoptingFacts: !tar.keepsFoldersOwnMode)
                }
                causes += refusals
            }
            if ends.source.exitCode == 255 { try await route.requireConnection(ends.source.complaint) }
            if !causes.isEmpty { throw failed(failure, causes) }
        }
    }

    /// Gives a closure a place for what arrives. Whatever comes of the closure, nothing is left in a staging folder.
    private func withArrival(_ body: (Locked<Arrival?>) async throws -> Void) async throws {
        let arrival = Locked<Arrival?>(nil)
        let result: Result<Void, any Error>
        do {
            try await body(arrival)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        if let arrival = arrival.withLock({ $0 }) { await BlockingThread.run { arrival.discard() } }
        try result.get()
    }

    /// Why one of the two has failed, as it said itself; empty if neither has.
    private static func causes(_ source: CommandOutput, _ sink: CommandOutput?) -> [String] {
        var causes: [String] = []
        // A file that somebody goes on writing is copied as it was found.
        let isOnlyChanged =
            source.exitCode == 1 && sink != nil && !source.lines(of: source.standardError).isEmpty
            && source.lines(of: source.standardError).allSatisfy { $0.hasSuffix("file changed as we read it") }
        let sinkHasFailed = sink.map { !$0.succeeded } ?? false
        if !source.succeeded, !isOnlyChanged, !(sinkHasFailed && source.hasLostItsReader) {
            causes += Self.causes(source)
        }
        if let sink, !sink.succeeded, causes.isEmpty || !sink.standardError.contains("Unexpected EOF") {
            causes += Self.causes(sink)
        }
        if sink == nil, causes.isEmpty { causes = ["the node sent nothing"] }
        return causes
    }

    private func failed(_ failure: String, _ causes: [String]) -> ClusterError {
        let told = causes.prefix(3).joined(separator: "; ")
        let more = causes.count > 3 ? "; and \(causes.count - 3) more" : ""
        return ClusterError(.transferFailed, "\(failure): \(told)\(more)", node: route.node)
    }

    private func refuse(_ paths: [String], _ local: String) throws {
        if local.isEmpty {
            throw ClusterError(
                .invalidConfiguration,
                "Nothing can be copied to or from \(route.node): the path on this machine is empty.",
                node: route.node)
        }
        if paths.contains(where: { $0.utf8.contains(0) }) {
            throw ClusterError(
                .invalidConfiguration, "A path for \(route.node) has a NUL byte, which no path can have.",
                node: route.node)
        }
    }

    private func telling<Result>(_ what: String, _ pipeline: Pipeline, _ body: () async throws -> Result) async throws
        -> Result
    {
        let begun = ContinuousClock.now
        let telling = Task { [progress] in
            var pause = Duration.seconds(1)
            while true {
                try await Task.sleep(for: pause)
                progress("\(what): \(pipeline.bytes / 1_000_000) MB", .now - begun)
                pause = .seconds(3)
            }
        }
        defer { telling.cancel() }
        return try await body()
    }

    /// What tar complains of, without what says nothing.
    private static func causes(_ output: CommandOutput) -> [String] {
        let idle = ["Exiting with failure status", "Error is not recoverable", "Error exit delayed"]
        let lines = output.lines(of: output.standardError).map { line in
            for name in ["tar: ", "bsdtar: "] where line.hasPrefix(name) { return String(line.dropFirst(name.count)) }
            return line
        }.map { line in
            // What the system says when it takes only a part, which tar does not translate.
            line.hasSuffix("bytes") && line.contains(": Wrote only ") ? line + ": no space left on the device" : line
        }.filter { line in !idle.contains { line.hasPrefix($0) } }
        return lines.isEmpty ? ["tar ended with exit code \(output.exitCode)"] : lines
    }

    /// A path on the node that nobody takes for an option.
    private static func onNode(_ path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : path.isEmpty ? "." : "./" + path
    }

    /// What tar is told to make of the name of the only thing that it packs.
    private static func renaming(to name: String) -> String {
        "s|^.*$|./" + name.replacingSigns(#"\&|"#) { "\\\($0)" } + "|S"
    }

    /// A line for whatever shell the user has on the node.
    private static func line(_ script: UnsafePointer<CChar>, _ words: [String]) -> String {
        (["exec", "/bin/sh", "-c", String(cString: script), "sh"] + words).map(shellQuoted).joined(separator: " ")
    }

    /// Gives a closure the folder and the name under which a file can be packed: its own, or a copy's if its length can't be told.
    private func withReadableFile<Result>(
        _ place: LocalPlace, _ body: (String, String) async throws -> Result
    ) async throws -> Result {
        let (folder, name) = place.parts
        guard place.mayBeKernels else { return try await body(folder, name ?? ".") }
        let copy = route.folder + "/copy-\(UUID().uuidString)"
        try Workspace.makeFolder(copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let output = try await Command("cp", ["-p", place.path, copy + "/file"]).output()
        guard output.succeeded else { throw failed("\(place.path) could not be read", [output.complaint]) }
        return try await body(copy, "file")
    }
}

extension CommandOutput {
    fileprivate func lines(of text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// Whether it has failed for want of somebody who reads what it writes.
    fileprivate var hasLostItsReader: Bool { exitCode == 128 + SIGPIPE || standardError.contains("Broken pipe") }
}
