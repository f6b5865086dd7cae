public import Foundation

extension Node {
    /// Copies a file or a folder to the node, as `cp -R` does within one machine.
    ///
    /// Kept are links (wherever they lead, and also one that is named itself), modes, times, holes in files, empty folders, hard
    /// links within what is copied, and names, whatever is in them. The copy belongs to `user`. Sockets are left out. When it takes longer than a
    /// second, standard error is told how much is copied.
    ///
    /// If the target is a folder that is there, the copy goes into it under its own name. A folder that has that name there keeps what it has
    /// and its own mode, and gets what is copied besides. A file that has that name is written over. A folder can't take a file's
    /// place, nor a file a folder's. A source that ends with `/.` means what is in the folder.
    ///
    /// It is done by `tar` at both ends. If it fails or the task is cancelled, what was copied by then is there.
    ///
    /// - Parameters:
    ///   - source: A path on this machine. With a slash behind it, a link to a folder is that folder.
    ///   - target: A path on the node, relative to the user's home unless it begins with `/`; the home itself if it is empty.
    ///   - user: Who writes it.
    /// - Throws: ``ClusterError`` with the code `transferFailed`, which names the path and the cause; with
    ///   `invalidConfiguration` for what can't be a path; if the node can't be reached, with the codes that `run` has for that;
    ///   `CancellationError`.
    public func upload(from source: String, to target: String, as user: User = .ubuntu) async throws {
        try await timeline.during(.upload, "\(source) → \(target)", node: name, user: user) {
            try await explainingLoss {
                try await FileTransfer(NodeRoute(access, name, user)).upload(from: source, to: target)
            }
        }
    }

    /// Copies a file or a folder from the node, as `upload` does to it.
    ///
    /// The copy belongs to whoever runs the test. Only files, links and folders are taken from a node, without setuid, setgid and sticky bits, and nothing is
    /// written through a link that is there. A file that is there is replaced; if the target itself is a link to a file, what it leads to is.
    ///
    /// It is unpacked in a new folder (`.cf-…`) where the copy goes to, and then renamed. If it fails, what has arrived of a folder is there, and nothing of a single
    /// file. If the task is cancelled, nothing is there.
    ///
    /// - Parameters:
    ///   - source: A path on the node, relative to the user's home unless it begins with `/`.
    ///   - target: A path on this machine.
    ///   - user: Who reads it.
    /// - Throws: As `upload` does.
    public func download(from source: String, to target: String, as user: User = .ubuntu) async throws {
        try await timeline.during(.download, "\(source) → \(target)", node: name, user: user) {
            try await explainingLoss {
                try await FileTransfer(NodeRoute(access, name, user)).download(from: source, to: target)
            }
        }
    }

    /// Copies a file or a folder to the node.
    ///
    /// - Throws: As ``upload(from:to:as:)`` with paths does.
    public func upload(from source: URL, to target: String, as user: User = .ubuntu) async throws {
        try await upload(from: source.path, to: target, as: user)
    }

    /// Copies a file or a folder from the node.
    ///
    /// - Throws: As ``download(from:to:as:)`` with paths does.
    public func download(from source: String, to target: URL, as user: User = .ubuntu) async throws {
        try await download(from: source, to: target.path, as: user)
    }
}
