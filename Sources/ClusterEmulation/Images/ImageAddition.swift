import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What an image has beyond the one below it: one layer, made by `provision.sh add`.
package struct ImageAddition: Sendable, Hashable {
    /// Names of the distribution's packages, as apt-get takes them.
    package let packages: [String]
    /// Absolute paths of this machine's files.
    package let requirements: String?
    package let script: String?

    init(packages: [String], requirements: String?, script: String?) {
        self.packages = packages
        // As it is meant now, wherever this process goes later.
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        self.requirements = requirements.map(absolute)
        self.script = script.map(absolute)
    }

    /// A few words for people.
    var description: String {
        (packages + [requirements, script].compactMap { $0.map { ($0 as NSString).lastPathComponent } })
            .joined(separator: ", ")
    }

    /// Refuses what can't be added, without reading it.
    func validate() throws {
        for name in packages where try Self.packageName.wholeMatch(in: name) == nil {
            throw ClusterError(
                .invalidConfiguration,
                "\"\(ClusterConfiguration.printable(name))\" is not a name that a package can have.",
                remedy: "Write it as apt-get takes it: NAME, or NAME=VERSION.")
        }
        for path in [requirements, script].compactMap(\.self) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, R_OK) == 0 else {
                throw ClusterError(
                    .invalidConfiguration,
                    "The file \(path), which an image is made with, does not exist or can't be read.")
            }
        }
    }

    /// The last sign is none that apt-get takes for an order to remove.
    private static var packageName: Regex<(Substring, Substring?, Substring?)> {
        /[a-z0-9][a-z0-9+.\-]*[a-z0-9+.](:[a-z0-9]+)?([=\/][A-Za-z0-9.+:~\-]+)?/
    }

    /// What both backends make the layer of: a folder for provision.sh, and Docker's way to run it.
    package func context() throws -> BuildContext {
        try validate()
        guard let provision = BuildContext.embedded.first(where: { $0.path == "docker/provision.sh" }) else {
            preconditionFailure("provision.sh travels inside the program")
        }
        var files = [
            BuildContext.File(path: "Dockerfile", bytes: Array(Self.dockerfile.utf8)),
            BuildContext.File(path: "\(Self.folder)/provision.sh", bytes: provision.bytes, isExecutable: true),
        ]
        if !packages.isEmpty {
            let lines = packages.map { $0 + "\n" }.joined()
            files.append(BuildContext.File(path: "\(Self.folder)/packages", bytes: Array(lines.utf8)))
        }
        for (path, name) in [(requirements, "requirements.txt"), (script, "script")] {
            guard let path else { continue }
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ClusterError(.imageUnavailable, "\(path) could not be read.")
            }
            files.append(
                BuildContext.File(path: "\(Self.folder)/\(name)", bytes: Array(data), isExecutable: name == "script"))
        }
        return BuildContext(files)
    }

    /// The folder of the context that provision.sh finds itself in.
    static let folder = "addition"
    /// The build argument that names the image below.
    static let below = "BELOW"

    /// The next addition finds nothing of this one's.
    private static let dockerfile = """
        ARG \(below)
        FROM ${\(below)}
        COPY \(folder) /opt/cluster-fixture/\(folder)
        RUN /opt/cluster-fixture/\(folder)/provision.sh add && rm -rf /opt/cluster-fixture/\(folder) \\
            && if [ -e /opt/cluster-fixture/as-new.tar ]; then start-node --keep; fi

        """
}
