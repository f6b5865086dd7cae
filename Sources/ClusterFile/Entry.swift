import ClusterEmulation
import Foundation
import Yams

/// A value in a file, which knows where it stands.
struct Entry {
    struct File {
        let name: String
        /// What its paths are relative to.
        let folder: String
    }

    private let node: Yams.Node
    /// What it is called in messages.
    let name: String
    private let file: File

    init(_ node: Yams.Node, name: String, in file: File) {
        (self.node, self.name, self.file) = (node, name, file)
    }

    /// An error that is about this place.
    func refusal(_ message: String, remedy: String = "") -> ClusterError {
        let place = node.mark.map { "\(file.name):\($0.line):\($0.column)" } ?? file.name
        return ClusterError(.invalidConfiguration, "\(place): \(message)", remedy: remedy)
    }

    private func expected(_ kind: String) -> ClusterError {
        let found =
            switch node {
            case .scalar(let scalar) where node.tag != Tag(.null):
                "\"\(scalar.string.count > 40 ? scalar.string.prefix(40) + "…" : scalar.string[...])\""
            case .mapping: "a mapping"
            case .sequence: "a list"
            default: "nothing"
            }
        return refusal(
            "\(name) is to be \(kind), not \(found.debugDescription.dropFirst().dropLast().replacing("\\\"", with: "\""))."
        )
    }

    // --- what it may be -----------------------------------------------------------------------------------------------

    var isNothing: Bool { node.tag == Tag(.null) }
    var isMapping: Bool { node.mapping != nil }

    func text() throws -> String {
        guard case .scalar(let scalar) = node, node.tag == Tag(.str) else { throw expected("a text") }
        return scalar.string
    }

    /// A text, which may look like a number or a truth: it is taken as it stands there.
    func anyText() throws -> String {
        guard case .scalar(let scalar) = node, !isNothing else { throw expected("a text") }
        return scalar.string
    }

    func integer() throws -> Int {
        guard node.tag == Tag(.int), let number = node.int else { throw expected("a whole number") }
        return number
    }

    func number() throws -> Double {
        guard [Tag(.int), Tag(.float)].contains(node.tag), let number = node.float ?? node.int.map(Double.init) else {
            throw expected("a number")
        }
        return number
    }

    func truth() throws -> Bool {
        guard node.tag == Tag(.bool), let truth = node.bool else { throw expected("true or false") }
        return truth
    }

    /// Bytes: a number, or a text with a unit.
    func size() throws -> Int {
        if node.tag == Tag(.int), let number = node.int { return number }
        guard node.tag == Tag(.str), case .scalar(let scalar) = node, let bytes = Size.bytes(scalar.string) else {
            throw expected("a size: a number of bytes, or one with a unit such as 512m or 2g")
        }
        return bytes
    }

    /// A path, absolute or relative to the file.
    func path() throws -> String {
        let text = try text()
        return URL(fileURLWithPath: text, relativeTo: URL(fileURLWithPath: file.folder, isDirectory: true))
            .standardizedFileURL.path
    }

    func list() throws -> [Entry] {
        guard case .sequence(let sequence) = node else { throw expected("a list") }
        return sequence.enumerated().map { Entry($1, name: "\(name)[\($0)]", in: file) }
    }

    /// A mapping's names, whatever they are, and its values.
    func pairs() throws -> [(key: Entry, value: Entry)] {
        guard case .mapping(let mapping) = node else { throw expected("a mapping") }
        return try mapping.map { key, value in
            let key = Entry(key, name: "a key", in: file)
            return (key, Entry(value, name: try key.anyText(), in: file))
        }
    }

    /// A mapping of known names.
    func read<Subject>(_ fields: [Field<Subject>], into subject: inout Subject) throws {
        for (key, value) in try pairs() {
            guard let field = fields.first(where: { $0.name == value.name }) else {
                let names = fields.map(\.name)
                // Another spelling comes nearest, however long the name is.
                let near =
                    names.first { $0.lowercased() == value.name.lowercased().filter { !"-_".contains($0) } }
                    ?? ClusterCatalog.nearest(to: value.name, among: names)
                throw key.refusal(
                    "there is no key \"\(ClusterConfiguration.printable(value.name))\" in \(name).",
                    remedy: near.map { "Did you mean \($0)?" } ?? "There are \(names.joined(separator: ", ")).")
            }
            let place = name == "the file" ? field.name : "\(name).\(field.name)"
            try field.read(Entry(value.node, name: place, in: file), &subject)
        }
    }

    /// Refuses a value here that no cluster can have.
    func check(_ set: (inout ClusterConfiguration) -> Void) throws {
        var alone = ClusterConfiguration()
        set(&alone)
        do { try alone.validate() } catch let error as ClusterError {
            throw refusal(error.message, remedy: error.remedy)
        }
    }
}
