package import ClusterEmulation
package import Foundation
import Yams

/// The settings of a cluster as a YAML file has them, under the names that Swift has for them.
package enum ClusterFile {
    /// Reads a file; `-` is standard input. Paths in it are relative to the file's folder.
    ///
    /// - Returns: The settings, each of which can be; whether they go together is not known before they are complete.
    /// - Throws: ``ClusterError`` with the code `invalidConfiguration`, with the line and the column that it is about.
    package static func read(_ path: String) throws -> ClusterConfiguration {
        let here = FileManager.default.currentDirectoryPath
        if path == "-" {
            return try parse(
                FileHandle.standardInput.readToEnd() ?? Data(), named: "standard input", folder: here)
        }
        do {
            let url = URL(fileURLWithPath: path).standardizedFileURL
            return try parse(Data(contentsOf: url), named: path, folder: url.deletingLastPathComponent().path)
        } catch let error as CocoaError {
            throw ClusterError(
                .invalidConfiguration, "\(path) can't be read: \(ClusterError.cause(error)).", underlying: error)
        }
    }

    package static func parse(_ data: Data, named name: String, folder: String) throws -> ClusterConfiguration {
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw ClusterError(.invalidConfiguration, "\(name) is not UTF-8.")
        }
        let file = Entry.File(name: name, folder: folder)
        var configuration = ClusterConfiguration()
        do {
            // A file with nothing but comments asks for nothing.
            guard let root = try compose(yaml: text), root.tag != Tag(.null) else { return configuration }
            try Entry(root, name: "the file", in: file).read(Field.cluster, into: &configuration)
        } catch let error as YamlError {
            throw error.told(of: name)
        }
        return configuration
    }

    /// The names that each mapping knows, by its place in the file: what the schema is compared with.
    package static let names: [String: [String]] = [
        "": Field.cluster.map(\.name), "limits": Field.limits.map(\.name), "ports": Field.port.map(\.name),
        "mounts": Field.mount.map(\.name), "roles": Field.role.map(\.name), "site": Field.site.map(\.name),
        "image": Field.image.map(\.name), "image/adding": Field.addition.map(\.name),
        "services": ServiceKind.all.map(\.name), "services/slurm": Field<SlurmOptions>.slurm.map(\.name),
        "services/slurm/partitions": Field.partition.map(\.name),
        "services/sharedFolder": Field<(path: String?, source: String?, size: Int?, rate: Int?)>.sharedFolder.map(
            \.name),
        "image/dockerfile": Field.dockerfile.map(\.name), "image/node": Field.base.map(\.name),
        "image/dask": Field.base.map(\.name),
    ]
}

extension YamlError {
    /// In one line, as all else is told.
    fileprivate func told(of file: String) -> ClusterError {
        let told: String
        switch self {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            told = "\(mark.line):\(mark.column): \([context?.text, problem].compactMap(\.self).joined(separator: " "))"
        case .reader(let problem, _, _, _):
            told = " \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            told = "\(context.mark.line):\(context.mark.column): \(keys.joined(separator: ", ")) stands there twice"
        default: told = " \(self)"
        }
        return ClusterError(.invalidConfiguration, ClusterError.sentence("\(file):\(told)"), underlying: self)
    }
}
