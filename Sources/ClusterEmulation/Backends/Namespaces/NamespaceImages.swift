#if os(Linux)
import Foundation

/// What a node's root is made of: this machine's own system folders, and layers over them, the uppermost first.
///
/// Nothing else of this machine is in there: no homes, no temporary files, no sockets. (One overlay over `/` would be
/// simpler, but overlayfs refuses a layer that lies below another one, as a layer in a cache folder does.)
package struct LayeredImage: Sendable {
    package let layers: [String]

    private static let systemFolders = [
        "usr", "etc", "var", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32",
    ]

    /// The folders, with the places that overlayfs is to find them in.
    package var overlays: [(folder: String, lower: String)] {
        Self.systemFolders.filter { Self.link($0) == nil && Self.isFolder("/" + $0) }.map { folder in
            (folder, (layers.map { "\($0)/\(folder)" }.filter(Self.isFolder) + ["/" + folder]).joined(separator: ":"))
        }
    }

    /// The links, such as `bin` to `usr/bin`.
    package var links: [(link: String, target: String)] {
        Self.systemFolders.compactMap { name in Self.link(name).map { (name, $0) } }
    }

    private static func link(_ name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/" + name)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    package typealias Account = (user: UInt32, group: UInt32, home: String)

    /// The user `ubuntu` of the image.
    package func ubuntu() throws -> Account {
        for folder in layers {
            guard let accounts = try? String(contentsOfFile: folder + "/etc/passwd", encoding: .utf8) else { continue }
            for line in accounts.split(separator: "\n") {
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                guard fields.count == 7, fields[0] == "ubuntu", let user = UInt32(fields[2]),
                    let group = UInt32(fields[3])
                else { continue }
                return (user, group, String(fields[5]))
            }
            break
        }
        throw ClusterError(.imageUnavailable, "The image has no user ubuntu.")
    }
}

/// Layers made by `docker/provision.sh`, kept in the user's cache folder and found again by what they are made of.
///
/// The script runs in an overlay over this machine's root, in namespaces of its own; what it wrote is the layer.
package struct NamespaceImages: Sendable {
    private let cache: String

    package init() {
        let environment = ProcessInfo.processInfo.environment
        cache =
            (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache") + "/cluster-fixture/layers"
    }

    package func ensure(_ image: NodeImage, progress: Progress) async throws -> LayeredImage {
        guard case .dockerfile(_, let context, let target?, let arguments) = image.source,
            context == PackageFolder.path, arguments.isEmpty
        else {
            throw ClusterError(
                .imageUnavailable, "The namespaces backend can't make nodes of the image \(image).",
                remedy: "Use .node or .dask, or the docker backend.")
        }
        let node = try await layer("node", on: LayeredImage(layers: []), progress: progress)
        if target == "node" { return LayeredImage(layers: [node]) }
        let top = try await layer(target, on: LayeredImage(layers: [node]), progress: progress)
        return LayeredImage(layers: [top, node])
    }

    private func layer(_ target: String, on lower: LayeredImage, progress: Progress) async throws -> String {
        var fingerprint = ImageFingerprint()
        for word in [target] + lower.layers { fingerprint.add(word.utf8) }
        try fingerprint.add(contentsOf: PackageFolder.path + "/docker", named: "docker")
        fingerprint.add(Self.script.utf8)
        let folder = "\(cache)/\(target)-\(fingerprint.text)"
        if FileManager.default.fileExists(atPath: folder) { return folder }
        try await Self.builds.once(folder) { try await make(target, folder, on: lower, progress: progress) }
        return folder
    }

    /// Made beside its place and then moved there, so that a layer is there whole or not at all.
    private func make(_ target: String, _ folder: String, on lower: LayeredImage, progress: Progress) async throws {
        progress.step("making the layer \(target) of a node; this is done once")
        let unfinished = "\(folder).\(getpid())"
        try FileManager.default.createDirectory(
            atPath: cache, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: unfinished) }
        let command = Command(
            "unshare",
            [
                "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--propagation", "private", "env", "-i",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "sh", "-ec",
                Self.script,
                "layer", unfinished, PackageFolder.path + "/docker", target,
            ] + lower.links.flatMap { ["link", $0.link, $0.target] }
                + lower.overlays.flatMap { ["overlay", $0.folder, $0.lower] })
        let (code, log) = try await progress.follow(command)
        guard code == 0 else {
            throw ClusterError(
                .imageUnavailable,
                "The layer \(target) of a node could not be made: provision.sh ended with exit code \(code).",
                log: log,
                remedy: "Mend the failing step, shown below, and run again.")
        }
        // Another process may have been quicker; its layer is as good.
        if rename(unfinished + "/u", folder) != 0, !FileManager.default.fileExists(atPath: folder) {
            throw ClusterError(.imageUnavailable, "The layer \(target) could not be moved to \(folder).")
        }
        progress.step("made the layer \(target)")
    }

    private static let builds = OnceEach()

    /// A node is nobody's machine: the accounts of this one's people are taken out, and root's password with them.
    private static let script = """
        place=$1 provision=$2 target=$3
        shift 3
        mkdir -p "$place/u" "$place/w" "$place/r"
        cd "$place/r"
        while [ $# != 0 ]; do
            case $1 in
                link) ln -s "$3" "$2" ;;
                overlay)
                    mkdir "$place/u/$2" "$place/w/$2" "$2"
                    mount -t overlay overlay -o "lowerdir=$3,upperdir=$place/u/$2,workdir=$place/w/$2" "$2"
                    ;;
            esac
            shift 3
        done
        mkdir proc sys dev tmp run root home mnt
        for folder in proc sys dev; do mount --rbind "/$folder" "$folder"; done
        for folder in tmp run root; do mount -t tmpfs tmpfs "$folder"; done
        if [ -L etc/resolv.conf ]; then
            names=$(cat /etc/resolv.conf)
            rm etc/resolv.conf
            printf '%s\\n' "$names" >etc/resolv.conf
        fi
        mkdir -p run/provision run/lock
        cp -R "$provision/." run/provision
        printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
        chmod 0755 usr/sbin/policy-rc.d
        if [ "$target" = node ]; then
            awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' etc/passwd | while read -r person; do
                chroot . userdel --force "$person" 2>/dev/null || true
            done
        fi
        exec chroot . sh /run/provision/provision.sh "$target"
        """
}
#endif
