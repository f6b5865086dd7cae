import ClusterEmulation
import Foundation

/// What an image is made of, as far as it has been read.
struct ImageParts {
    /// The image that the rest is added to, and the name that said so.
    var below: (key: String, image: NodeImage)?
    var additions: [ImageParts.Addition] = []

    struct Addition {
        var packages: [String] = []
        var requirements: String?
        var script: String?
    }

    struct Dockerfile {
        var path: String?
        var context: String?
        var target: String?
        var arguments: [String: String] = [:]
    }
}

extension Field<ImageParts> {
    /// The kinds of images as ``NodeImage`` makes them, of which there can be one, and what is added to it.
    static var image: [Field] {
        [
            below("node") { entry in try entry.base().map(NodeImage.node(basedOn:)) ?? .node },
            below("dask") { entry in try entry.base().map(NodeImage.dask(basedOn:)) ?? .dask },
            below("laserfarm") { entry in
                guard entry.isNothing else { throw entry.refusal("laserfarm has a base of its own: leave this out.") }
                return .laserfarm
            },
            below("named") { entry in .named(try entry.text()) },
            below("dockerfile") { entry in try entry.dockerfile() },
            below("rootFileSystem") { entry in .rootFileSystem(try entry.path()) },
            Field("adding") { entry, parts in
                parts.additions = try (entry.isMapping ? [entry] : entry.list()).map { entry in
                    var addition = ImageParts.Addition()
                    try entry.read(Field<ImageParts.Addition>.addition, into: &addition)
                    return addition
                }
            },
        ]
    }

    private static func below(_ name: String, _ read: @escaping (Entry) throws -> NodeImage) -> Field {
        Field(name) { entry, parts in
            if let other = parts.below { throw entry.refusal("an image is \(other.key) or \(name), not both.") }
            let image = try read(entry)
            try entry.check { $0.image = image }
            parts.below = (name, image)
        }
    }
}

extension Field<String?> {
    static var base: [Field] { [Field("basedOn") { entry, base in base = try entry.text() }] }
}

extension Field<ImageParts.Addition> {
    static var addition: [Field] {
        [
            Field("packages") { entry, addition in
                addition.packages = try entry.list().map { entry in
                    let name = try entry.text()
                    try entry.check { $0.image = .node.adding(packages: [name]) }
                    return name
                }
            },
            Field("requirements") { entry, addition in
                let path = try entry.path()
                try entry.check { $0.image = .node.adding(requirements: path) }
                addition.requirements = path
            },
            Field("script") { entry, addition in
                let path = try entry.path()
                try entry.check { $0.image = .node.adding(script: path) }
                addition.script = path
            },
        ]
    }
}

extension Field<ImageParts.Dockerfile> {
    static var dockerfile: [Field] {
        [
            Field("path") { entry, dockerfile in dockerfile.path = try entry.path() },
            Field("context") { entry, dockerfile in dockerfile.context = try entry.path() },
            Field("target") { entry, dockerfile in dockerfile.target = try entry.text() },
            Field("arguments") { entry, dockerfile in
                for (_, value) in try entry.pairs() { dockerfile.arguments[value.name] = try value.anyText() }
            },
        ]
    }
}

extension Entry {
    /// `node`, `dask`, `laserfarm`, the name of an engine's image; or a mapping that says more.
    func image() throws -> NodeImage {
        guard isMapping else {
            return switch try text() {
            case "node": .node
            case "dask": .dask
            case "laserfarm": .laserfarm
            case let name: .named(name)
            }
        }
        var parts = ImageParts()
        try read(Field<ImageParts>.image, into: &parts)
        return parts.additions.reduce(parts.below?.image ?? .node) { image, addition in
            image.adding(packages: addition.packages, requirements: addition.requirements, script: addition.script)
        }
    }

    fileprivate func base() throws -> String? {
        if isNothing { return nil }
        var base: String?
        try read(Field<String?>.base, into: &base)
        return base
    }

    /// A path, whose folder is the context; or a mapping.
    fileprivate func dockerfile() throws -> NodeImage {
        var dockerfile = ImageParts.Dockerfile()
        if isMapping {
            try read(Field<ImageParts.Dockerfile>.dockerfile, into: &dockerfile)
        } else {
            dockerfile.path = try path()
        }
        guard let path = dockerfile.path else { throw refusal("\(name) has no path.") }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw refusal("\(path) is not a file that can be read.")
        }
        return .dockerfile(
            path, context: dockerfile.context ?? (path as NSString).deletingLastPathComponent,
            target: dockerfile.target, arguments: dockerfile.arguments)
    }
}
