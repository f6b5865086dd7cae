public import Foundation

extension Node {
    /// Copies a file or a folder to the node.
    ///
    /// - Parameters:
    ///   - source: A path on this machine.
    ///   - target: A path on the node, relative to the user's home unless it begins with `/`. If a folder is there
    ///     already, the copy goes into it under its own name, as with `cp -R`.
    ///   - user: Who writes it.
    /// - Throws: ``ClusterError`` with the code `transferFailed`; if the node can't be reached, with the codes that
    ///   `run` has for that.
    public func upload(from source: String, to target: String, as user: User = .ubuntu) async throws {
        try await explainingLoss {
            try await FileTransfer(access: access, node: name, user: user).upload(from: source, to: target)
        }
    }

    /// Copies a file or a folder from the node.
    ///
    /// - Parameters:
    ///   - source: A path on the node, relative to the user's home unless it begins with `/`.
    ///   - target: A path on this machine. If a folder is there already, the copy goes into it under its own name.
    ///   - user: Who reads it.
    /// - Throws: ``ClusterError`` with the code `transferFailed`; if the node can't be reached, with the codes that
    ///   `run` has for that.
    public func download(from source: String, to target: String, as user: User = .ubuntu) async throws {
        try await explainingLoss {
            try await FileTransfer(access: access, node: name, user: user).download(from: source, to: target)
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
