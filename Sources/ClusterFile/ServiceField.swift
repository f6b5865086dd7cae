package import ClusterEmulation
import Foundation
import Yams

/// A kind of service that a file or a command line can ask for.
package struct ServiceKind: Sendable {
    /// As Swift has it: what `.sharedFolder(…)` makes is `sharedFolder`.
    package let name: String
    /// What else it is called.
    let aliases: [String]
    let make: @Sendable (Entry?) throws -> any Service

    init(_ name: String, aliases: [String] = [], _ make: @escaping @Sendable (Entry?) throws -> any Service) {
        (self.name, self.aliases, self.make) = (name, aliases, make)
    }

    /// All of them.
    package static let all: [ServiceKind] = [slurm, gridEngine, htCondor, dask, jupyterLab, sharedFolder]

    /// By its name, in whichever spelling: `sharedFolder`, `shared-folder`.
    static func named(_ name: String) -> ServiceKind? {
        func plain(_ name: String) -> String { name.lowercased().replacing("-", with: "") }
        return all.first { ([$0.name] + $0.aliases).contains { plain($0) == plain(name) } }
    }
}

extension ServiceKind {
    /// Its path, or a mapping.
    private static let sharedFolder = ServiceKind("sharedFolder") { entry in
        guard let entry else { return .sharedFolder("/home") }
        guard entry.isMapping else { return .sharedFolder(try entry.text()) }
        var folder: (path: String?, source: String?, size: Int?, rate: Int?) = (nil, nil, nil, nil)
        try entry.read(Field<(path: String?, source: String?, size: Int?, rate: Int?)>.sharedFolder, into: &folder)
        guard let path = folder.path else { throw entry.refusal("\(entry.name) has no path.") }
        return .sharedFolder(path, from: folder.source, size: folder.size, bytesPerSecond: folder.rate)
    }
}

extension ServiceKind {
    /// With its partitions, whether it keeps accounts, and settings of slurm.conf.
    private static let slurm = ServiceKind("slurm") { entry in
        var slurm = SlurmOptions()
        try entry?.read(Field<SlurmOptions>.slurm, into: &slurm)
        return .slurm(
            partitions: slurm.partitions, accounting: slurm.accounting, pbsCommands: slurm.pbsCommands,
            settings: slurm.settings)
    }

    /// With the number of jobs that a node runs at once.
    private static let gridEngine = ServiceKind("gridEngine") { entry in
        var slots: Int?
        let field = Field<Int?>("slots") { entry, slots in
            slots = try entry.integer()
            if slots ?? 1 < 1 { throw entry.refusal("a node has at least 1 slot.") }
        }
        try entry?.read([field], into: &slots)
        return .gridEngine(slots: slots)
    }

    /// It is given nothing.
    private static let htCondor = ServiceKind("htCondor") { entry in
        if let entry { throw entry.refusal("htCondor is given nothing.") }
        return .htCondor()
    }
}

extension ServiceKind {
    /// With the places of its scheduler and its workers.
    private static let dask = ServiceKind("dask") { entry in
        var places: [String: Placement] = [:]
        try entry?.read(Field<[String: Placement]>.places("scheduler", "workers"), into: &places)
        return .dask(scheduler: places["scheduler"] ?? .login, workers: places["workers"] ?? .compute)
    }

    /// With its place, or a mapping to that.
    private static let jupyterLab = ServiceKind("jupyterLab", aliases: ["jupyter"]) { entry in
        guard let entry else { return .jupyterLab() }
        guard entry.isMapping else { return .jupyterLab(on: try entry.placement()) }
        var places: [String: Placement] = [:]
        try entry.read(Field<[String: Placement]>.places("on"), into: &places)
        return .jupyterLab(on: places["on"] ?? .login)
    }
}

extension Field<[String: Placement]> {
    static func places(_ names: String...) -> [Field] {
        names.map { name in Field(name) { entry, places in places[name] = try entry.placement() } }
    }
}

struct SlurmOptions {
    var partitions = [SlurmPartition("normal")]
    var accounting = false
    var pbsCommands = false
    var settings: [String: String] = [:]
}

extension Field<SlurmOptions> {
    static var slurm: [Field] {
        [
            Field("accounting") { entry, slurm in slurm.accounting = try entry.truth() },
            Field("pbsCommands") { entry, slurm in slurm.pbsCommands = try entry.truth() },
            Field("settings") { entry, slurm in slurm.settings = try entry.texts() },
            Field("partitions") { entry, slurm in slurm.partitions = try entry.list().map { try $0.partition() } },
        ]
    }
}

extension Field<SlurmPartition> {
    static var partition: [Field] {
        [
            Field("name") { entry, partition in partition.name = try entry.text() },
            Field("nodes") { entry, partition in partition.placements = try entry.list().map { try $0.placement() } },
            // In seconds.
            Field("timeLimit") { entry, partition in partition.timeLimit = .seconds(try entry.number()) },
            Field("settings") { entry, partition in partition.settings = try entry.texts() },
        ]
    }
}

extension Entry {
    fileprivate func partition() throws -> SlurmPartition {
        var partition = SlurmPartition("")
        guard isMapping else { return SlurmPartition(try text()) }
        try read(Field<SlurmPartition>.partition, into: &partition)
        guard !partition.name.isEmpty else { throw refusal("\(name) has no name.") }
        return partition
    }

    /// Texts by names.
    func texts() throws -> [String: String] {
        try Dictionary(pairs().map { ($0.value.name, try $0.value.anyText()) }) { $1 }
    }

    /// `login`, `compute`, `all`, the name of another role, or of a node.
    func placement() throws -> Placement {
        switch try text() {
        case "login": .login
        case "compute": .compute
        case "all": .all
        // A node's name ends with its number, and no role's does.
        case let name where name.last?.isNumber == true: .node(name)
        case let name: .role(name)
        }
    }
}

extension Field<(path: String?, source: String?, size: Int?, rate: Int?)> {
    static var sharedFolder: [Field] {
        [
            Field("path") { entry, folder in folder.path = try entry.text() },
            Field("from") { entry, folder in folder.source = try entry.path() },
            Field("size") { entry, folder in folder.size = try entry.size() },
            Field("bytesPerSecond") { entry, folder in folder.rate = try entry.size() },
        ]
    }
}

extension Entry {
    /// A service: its kind's name, or a mapping of that alone to what it is given.
    func service() throws -> any Service {
        let (kind, value): (Entry, Entry?)
        if isMapping {
            let pairs = try pairs()
            guard pairs.count == 1 else { throw refusal("\(name) is to be one service, with what it is given.") }
            (kind, value) = (pairs[0].key, pairs[0].value.isNothing ? nil : pairs[0].value)
        } else {
            (kind, value) = (self, nil)
        }
        let word = try kind.anyText()
        if let found = ServiceKind.named(word) { return try found.make(value) }
        let names = ServiceKind.all.map(\.name)
        throw kind.refusal(
            "there is no service \"\(word)\".",
            remedy: ClusterCatalog.nearest(to: word, among: names).map { "Did you mean \($0)?" }
                ?? "There are \(names.joined(separator: ", ")).")
    }
}

extension ClusterFile {
    /// Reads a service as a command line has it: `slurm`, or `shared-folder=/home` with what it is given, as a file has it.
    ///
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`.
    package static func service(_ words: String) throws -> any Service {
        let parts = words.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = Node.scalar(Node.Scalar(parts[0], Tag(.str)))
        let file = Entry.File(name: "--service", folder: FileManager.default.currentDirectoryPath)
        guard parts.count == 2 else { return try Entry(name, name: "a service", in: file).service() }
        do {
            let value = try compose(yaml: parts[1]) ?? Node.scalar(Node.Scalar("", Tag(.null)))
            return try Entry(Node.mapping(Node.Mapping([(name, value)])), name: "a service", in: file).service()
        } catch let error as YamlError {
            throw ClusterError(.invalidConfiguration, "--service \(words) can't be read: \(error).", underlying: error)
        }
    }
}
