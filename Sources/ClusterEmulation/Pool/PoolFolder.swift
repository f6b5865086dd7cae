import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A pool's folder on this machine, with its socket: this user's alone, marked as a cluster's is, and gone with its process.
package struct PoolFolder: Sendable {
    package let name: String
    private let workspace: Workspace

    private static let mark = "pool"
    private static let nameFile = "name"

    package var socket: String { workspace.folder + "/socket" }
    package var log: String { workspace.folder + "/log" }

    /// Where pools have their folders: below `$XDG_RUNTIME_DIR` where there is one, else below the user's cache.
    private static var places: [String] {
        let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
        return (runtime.hasPrefix("/") ? [runtime + "/cluster-fixture"] : []) + [UserFolders.cache]
    }

    /// Makes the folder of a pool that this process has.
    ///
    /// - Parameter name: Its name, by which it is found.
    /// - Returns: The folder, and who removes it if this process is killed.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration` if there is a pool of the name.
    package static func make(_ name: String) async throws -> (folder: PoolFolder, reaper: Reaper) {
        guard ClusterConfiguration.isValidName(name), name.count <= 24 else {
            throw ClusterError(
                .invalidConfiguration, "\"\(ClusterConfiguration.printable(name))\" is not a pool's name.",
                remedy: "Use 1 to 24 lower-case letters, digits and hyphens, a letter first.")
        }
        let claim = try NameClaim(holding: "pool.\(name)")
        defer { claim?.release() }
        guard claim != nil, !all().contains(where: { $0.name == name }) else {
            throw ClusterError(
                .invalidConfiguration, "There is a pool \(name) already.",
                remedy: "Choose another name, or end it: `cluster-fixture pool stop \(name)`.")
        }
        var failure: any Error = ClusterError(.provisioningFailed, "There is no place for a pool's folder.")
        for place in places {
            do {
                let pools = try OwnFolder.ensured(place + "/pools")
                let workspace = Workspace(folder: "\(pools.path)/\(ClusterID.random().folderName)")
                let reaper = try await Reaper.start(workspace, script: nil)
                try workspace.create(for: mark)
                try Workspace.write(name, to: "\(workspace.folder)/\(nameFile)")
                return (PoolFolder(name: name, workspace: workspace), reaper)
            } catch { failure = error }
        }
        throw failure
    }

    /// The pools of this user, sorted by name. What is left of those whose processes have died is removed.
    package static func all() -> [PoolFolder] {
        var found: [PoolFolder] = []
        for workspace in places.flatMap({ Workspace.all(in: $0 + "/pools") }) {
            guard let (folder, mark) = workspace.opened, mark.backend == Self.mark else { continue }
            if mark.owner.hasEnded {
                try? workspace.remove()
            } else if let name = try? folder.read(nameFile) {
                found.append(PoolFolder(name: String(decoding: name, as: UTF8.self), workspace: workspace))
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The pool of a name; without one, the only one that there is.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if there is none, or more than one.
    package static func find(_ name: String?) throws -> PoolFolder {
        let all = all()
        if let name, let found = all.first(where: { $0.name == name }) { return found }
        if name == nil, all.count == 1 { return all[0] }
        let names = all.map(\.name).joined(separator: ", ")
        throw ClusterError(
            .noCluster,
            name.map { "There is no pool \"\(ClusterConfiguration.printable($0))\"." }
                ?? (all.isEmpty ? "There is no pool." : "There are several pools: \(names)."),
            remedy: name == nil && !all.isEmpty
                ? "Name one: `lease --pool NAME`, `pool stop NAME`."
                : all.isEmpty ? "Start one: `cluster-fixture pool start --nodes 3 --size 2`." : "There are: \(names).")
    }

    /// Connects to the pool's process.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if it does not answer.
    package func connect() throws -> LineSocket {
        if let connection = LineSocket.connect(to: socket) { return connection }
        throw ClusterError(
            .noCluster, "The pool \(name) does not answer.",
            remedy: "See it with `cluster-fixture pool list`, and start it anew.")
    }

    /// Asks the pool something, and waits for the answer.
    ///
    /// - Throws: ``ClusterError`` with what the pool says, or the code `noCluster` if it does not answer.
    package func ask(_ request: PoolMessage.Request) async throws -> (answer: PoolMessage.Answer, LineSocket) {
        let connection = try connect()
        connection.write(request)
        guard let answer = await connection.read(PoolMessage.Answer.self) else {
            throw ClusterError(.noCluster, "The pool \(name) has ended before it answered.")
        }
        if let error = answer.error { throw ClusterError(.provisioningFailed, error, remedy: answer.remedy ?? "") }
        return (answer, connection)
    }

    /// Removes the folder.
    package func remove() throws { try workspace.remove() }
}
