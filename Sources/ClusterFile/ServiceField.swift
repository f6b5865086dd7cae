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

extension Entry {
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
