#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What a node sends, from its first line on: it is unpacked in a staging folder, looked at, and put in its place.
struct Arrival: Sendable {
    private let kind: LocalPlace.Kind
    /// The mode and the time of a folder, as the node tells them.
    private let facts: Substring
    private let destination: LocalTarget.Destination
    private let place: OpenFolder
    /// The place's own mode, if it has another one as long as something is written there.
    private let formerMode: mode_t?
    private let staging: StagingFolder

    /// Makes the staging folder.
    ///
    /// - Parameters:
    ///   - line: What the node says of what it sends.
    ///   - target: Where that goes.
    /// - Throws: ``LocalPlace/Refusal`` if it can't go there.
    init(_ line: String, at target: LocalTarget) throws(LocalPlace.Refusal) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard let kind = parts.first.flatMap({ LocalPlace.Kind(rawValue: String($0)) }) else {
            throw LocalPlace.Refusal("the node said \"\(ClusterConfiguration.printable(line))\"")
        }
        let destination = try kind == .folder ? target.folder() : target.file(for: kind)
        let place = try OpenFolder(destination.folder, followingLink: destination.isFollowed)
        let formerMode = destination.name == nil ? place.makeAccessible() : nil
        do throws(LocalPlace.Refusal) {
            staging = try StagingFolder(in: place, destination.folder)
        } catch {
            if let formerMode { place.setMode(formerMode) }
            throw error
        }
        (self.kind, facts) = (kind, parts.dropFirst().first ?? "")
        (self.destination, self.place) = (destination, place)
        self.formerMode = formerMode
    }

    /// The path of the folder that the archive is unpacked in.
    var folder: String { staging.copyPath }

    /// All that is taken of the archive; nil if that is everything.
    var onlyName: String? { kind == .folder ? nil : destination.name }

    /// Puts what has arrived where it belongs.
    ///
    /// - Parameters:
    ///   - isWhole: Whether nothing has failed until now. Of a folder, everything that has arrived is put in its place; a file that
    ///     may be half a file takes no place.
    ///   - adoptingFacts: Whether tar has left it to others to give the folder its mode and its time.
    /// - Returns: Why not everything is in its place.
    func putInPlace(isWhole: Bool, adoptingFacts: Bool) -> [String] {
        defer { discard() }
        do throws(LocalPlace.Refusal) {
            if kind == .folder { return try putFolder(adoptingFacts) }
            if isWhole { try putFile() }
            return []
        } catch {
            return [error.of(destination.path).words]
        }
    }

    /// Removes the staging folder with what is still in it. It can be called again.
    func discard() {
        staging.remove()
        if let formerMode { place.setMode(formerMode) }
    }

    private func putFolder(_ adoptingFacts: Bool) throws(LocalPlace.Refusal) -> [String] {
        let copy = EntryName(StagingFolder.copyName)
        if adoptingFacts { try staging.folder.folder(copy).adopt(facts) }
        var tree = try StagedTree(copy, in: staging.folder)
        if let name = destination.name {
            tree.put(as: EntryName(name), in: place, destination.path)
        } else {
            tree.merge(into: place, destination.path)
            // It changes the place's time.
            staging.remove()
            place.setTimes(tree.times)
        }
        return tree.refusals
    }

    private func putFile() throws(LocalPlace.Refusal) {
        let copy = try staging.folder.folder(EntryName(StagingFolder.copyName))
        let names = try copy.names()
        guard names.count == 1, let status = try copy.status(of: names[0]) else {
            throw LocalPlace.Refusal("the node sent \(names.count) files for one")
        }
        guard isExpected(status) else { throw LocalPlace.Refusal("the node sent \(Self.words(for: status))") }
        try copy.moveFile(names[0], to: place, as: EntryName(onlyName ?? ""))
    }

    private func isExpected(_ status: EntryStatus) -> Bool {
        switch status.kind {
        case .file: kind == .file && status.hasOneName
        case .link: kind == .link
        case .folder, .other: false
        }
    }

    private static func words(for status: EntryStatus) -> String {
        switch status.kind {
        case .file: status.hasOneName ? "a file in place of a link" : "a file with more than one name"
        case .link: "a link in place of a file"
        case .folder: "a folder in place of a file"
        case .other(let what): "\(what), which is not taken from a node"
        }
    }
}
