#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A tree in a staging folder, and its way to its place.
///
/// Files, links and folders are moved there one by one, or the whole tree at once where nothing is. Each folder is opened from the one that
/// it is in, without following a link. One after the other is opened, so that a tree may be of any depth.
struct StagedTree {
    private enum State { case staged, moved, merged }

    private struct Folder {
        /// The index of the folder that it is in; nil for the tree itself.
        let parent: Int?
        let name: EntryName
        let times: [timespec]
        /// The mode that it gets in the end, if it has another one until then.
        var mode: mode_t?
        /// The names of its files and links.
        var files: [EntryName] = []
        /// The indices of the folders in it.
        var folders: [Int] = []
        var state = State.staged
    }

    /// Why not everything is in its place.
    private(set) var refusals: [String] = []

    private let staging: OpenFolder
    /// The tree itself, and behind each folder those that are in it.
    private var folders: [Folder] = []

    /// Looks at everything in a tree, and removes what is neither a file nor a link nor a folder.
    init(_ name: EntryName, in staging: OpenFolder) throws(LocalPlace.Refusal) {
        self.staging = staging
        guard let status = try staging.status(of: name), case .folder = status.kind else {
            throw LocalPlace.Refusal("the node sent no folder")
        }
        try add(name, status, in: staging, parent: nil)
        var index = 0
        while index < folders.count {
            try look(at: index)
            index += 1
        }
    }

    /// The times of the tree itself.
    var times: [timespec] { folders[0].times }

    /// Puts the tree under a name: as it is where nothing has that name, else into the folder that has it.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - folder: The folder that the name is in.
    ///   - path: The name's path, for messages.
    mutating func put(as name: EntryName, in folder: OpenFolder, _ path: String) {
        do throws(LocalPlace.Refusal) {
            try place(0, from: staging, in: folder, as: name)
            let top = try folder.folder(name)
            if folders[0].state == .merged { mergeFolders(into: top, path) }
            finish(below: top, path)
        } catch {
            refusals.append(error.of(path).words)
        }
    }

    /// Puts what is in the tree into a folder that is there.
    mutating func merge(into top: OpenFolder, _ path: String) {
        folders[0].state = .merged
        folders[0].mode = nil
        mergeFolders(into: top, path)
        finish(below: top, path)
    }
}

extension StagedTree {
    /// Takes note of a folder. Until everything is in its place, its owner may do anything with it.
    private mutating func add(
        _ name: EntryName, _ status: EntryStatus, in folder: OpenFolder, parent: Int?
    ) throws(LocalPlace.Refusal) {
        let mode = try folder.makeAccessible(name, status)
        folders.append(Folder(parent: parent, name: name, times: status.times, mode: mode))
    }

    private mutating func look(at index: Int) throws(LocalPlace.Refusal) {
        let folder = try opened(index, below: staging.folder(folders[0].name))
        var hasChanged = false
        for name in try folder.names() {
            guard let status = try folder.status(of: name) else { continue }
            switch status.kind {
            case .folder:
                let child = folders.count
                folders[index].folders.append(child)
                try add(name, status, in: folder, parent: index)
            case .file, .link:
                folders[index].files.append(name)
            case .other(let what):
                try folder.removeFile(name)
                refusals.append("\(text(of: name, in: index)) is \(what), which is not taken from a node")
                hasChanged = true
            }
        }
        if hasChanged { folder.setTimes(folders[index].times) }
    }

    /// Opens a folder of the tree, where the tree itself is open.
    private func opened(_ index: Int, below top: OpenFolder) throws(LocalPlace.Refusal) -> OpenFolder {
        var folder = top
        for name in names(of: index) { folder = try folder.folder(name) }
        return folder
    }

    /// The names that lead to a folder from the tree itself.
    private func names(of index: Int) -> [EntryName] {
        var (names, index) = ([EntryName](), index)
        while let parent = folders[index].parent {
            names.append(folders[index].name)
            index = parent
        }
        return names.reversed()
    }

    private func text(of name: EntryName, in index: Int) -> String {
        (names(of: index) + [name]).map(\.text).joined(separator: "/")
    }
}

extension StagedTree {
    /// Moves what is in a folder that is there already in its place, and so on in the folders in it.
    private mutating func mergeFolders(into top: OpenFolder, _ path: String) {
        var merged = [0]
        while let index = merged.popLast() {
            do throws(LocalPlace.Refusal) {
                let source = try opened(index, below: staging.folder(folders[0].name))
                let target = try opened(index, below: top)
                moveFiles(of: index, from: source, to: target, path)
                moveFolders(of: index, from: source, to: target, path)
            } catch {
                refusals.append(error.of(names(of: index).reduce(path) { "\($0)/\($1.text)" }).words)
            }
            merged += folders[index].folders.filter { folders[$0].state == .merged }
        }
    }

    private mutating func moveFiles(of index: Int, from source: OpenFolder, to target: OpenFolder, _ path: String) {
        for name in folders[index].files {
            do throws(LocalPlace.Refusal) {
                try source.moveFile(name, to: target, as: name)
            } catch {
                refusals.append(error.of("\(path)/\(text(of: name, in: index))").words)
            }
        }
    }

    private mutating func moveFolders(of index: Int, from source: OpenFolder, to target: OpenFolder, _ path: String) {
        for child in folders[index].folders {
            let name = folders[child].name
            do throws(LocalPlace.Refusal) {
                try place(child, from: source, in: target, as: name)
            } catch {
                refusals.append(error.of("\(path)/\(text(of: name, in: index))").words)
            }
        }
    }

    /// Moves a folder where nothing has its name, or says that it is to be merged with the folder that has it.
    private mutating func place(
        _ index: Int, from source: OpenFolder, in target: OpenFolder, as name: EntryName
    ) throws(LocalPlace.Refusal) {
        if try source.moveFolder(folders[index].name, to: target, as: name) {
            folders[index].state = .moved
            return
        }
        guard let there = try target.status(of: name) else {
            throw LocalPlace.Refusal("what was there has been removed meanwhile")
        }
        switch there.kind {
        case .folder: break
        case .link: throw LocalPlace.Refusal("what is there is a link, which a copied folder does not follow")
        default: throw LocalPlace.Refusal("what is there is not a folder")
        }
        folders[index].mode = try target.makeAccessible(name, there)
        folders[index].state = .merged
    }

    /// Gives folders the modes that they are to have, and those that were there before the times of the copied ones, as tar does.
    private mutating func finish(below top: OpenFolder, _ path: String) {
        for index in folders.indices {
            guard let parent = folders[index].parent, folders[parent].state == .moved else { continue }
            folders[index].state = .moved
        }
        // Whoever may not enter a folder gets at nothing in it: those that are in it come first.
        for index in folders.indices.reversed() where isUnfinished(index) {
            do throws(LocalPlace.Refusal) {
                let folder = try opened(index, below: top)
                if folders[index].state == .merged { folder.setTimes(folders[index].times) }
                if let mode = folders[index].mode { folder.setMode(mode) }
            } catch {
                refusals.append(error.of(names(of: index).reduce(path) { "\($0)/\($1.text)" }).words)
            }
        }
    }

    private func isUnfinished(_ index: Int) -> Bool {
        switch folders[index].state {
        case .staged: false
        case .moved: folders[index].mode != nil
        case .merged: true
        }
    }
}
