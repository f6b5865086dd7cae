#if os(Linux)
import Foundation
import Glibc

/// Root file systems and the layers over them, kept in the user's cache folder and found again by what they are made of.
///
/// A layer is made by `docker/provision.sh`, which runs in an overlay over what is below, in namespaces of its own: what
/// it wrote is the layer. Root's nodes stand on this machine's own root; an ordinary user can't write over that, so a
/// small one is made for his by mmdebstrap.
package struct NamespaceImages: Sendable {
    private let cache: String
    private let users: UserNamespace?

    package init(cache: String?) {
        self.cache = cache ?? UserCache.folder + "/layers"
        users = UserNamespace.isNeeded ? UserNamespace() : nil
    }

    package func ensure(_ image: NodeImage, progress: Progress) async throws -> LayeredImage {
        try refuseSeparators()
        let root: String
        let target: String
        switch image.source {
        case .package(let stage, base: nil):
            root = users == nil ? "/" : try await debian(progress)
            target = stage
        case .rootFileSystem(let path):
            root = try await rootFileSystem(path, progress)
            target = "node"
        default:
            throw ClusterError(
                .imageUnavailable, "The namespaces backend can't make nodes of the image \(image).",
                remedy: "Use .node, .dask or .rootFileSystem, or the docker backend.")
        }
        var layered = LayeredImage(root: root)
        for stage in target == "node" ? ["node"] : ["node", target] {
            layered = layered.adding(try await layer(stage, on: layered, progress))
        }
        return layered
    }

    /// overlayfs and mount(8) each have their own way to quote what separates layers and options.
    private func refuseSeparators() throws {
        if cache.contains(where: { ",:\\\"".contains($0) || $0.isNewline }) {
            throw ClusterError(
                .imageUnavailable,
                "Layers can't be kept in \"\(ClusterConfiguration.printable(cache))\": its path has a comma, a colon, a backslash, a quote or a line break.",
                remedy: "Name another folder by XDG_CACHE_HOME.")
        }
    }

    // MARK: Root file systems

    /// A folder as it is; an archive is unpacked once.
    private func rootFileSystem(_ path: String, _ progress: Progress) async throws -> String {
        var isFolder: ObjCBool = false
        guard path.hasPrefix("/"), !path.contains(where: { ",:\\".contains($0) || $0.isNewline }),
            FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        else {
            throw ClusterError(
                .imageUnavailable,
                "\"\(ClusterConfiguration.printable(path))\" is no root file system: give the absolute path of a folder or a tar archive, without commas, colons and backslashes."
            )
        }
        if isFolder.boolValue {
            guard FileManager.default.fileExists(atPath: path + "/etc/passwd") else {
                throw ClusterError(
                    .imageUnavailable, "\(path) is no root file system: it has no etc/passwd.",
                    remedy: "Make one with debootstrap or mmdebstrap, or give the tar archive of one.")
            }
            return path
        }
        var fingerprint = ImageFingerprint()
        try fingerprint.add(identity(of: path).utf8)
        return try await once("root-" + fingerprint.text) { unfinished in
            progress.step("unpacking \(path); this is done once")
            let text = """
                mkdir -p "$1"
                tar --extract --numeric-owner --preserve-permissions --exclude='dev/*' --exclude='./dev/*' \
                    --file "$2" --directory "$1"
                [ -e "$1/etc/passwd" ]
                """
            try await run(text, [unfinished, path], "\(path) is no archive of a root file system", progress)
            return unfinished
        }
    }

    /// The release that this machine runs, in its smallest form.
    private func debian(_ progress: Progress) async throws -> String {
        let release = try Self.releaseName()
        return try await once("root-" + release) { unfinished in
            guard ProgramPath.find("mmdebstrap") != nil else {
                throw ClusterError(
                    .missingProgram,
                    "Nodes of an ordinary user need a root file system of their own, and mmdebstrap, which makes it, is not on this machine.",
                    remedy:
                        "Install it (apt-get install mmdebstrap), or give one: image: .rootFileSystem(folder or tar)."
                )
            }
            progress.step("making a root file system (\(release)); this is done once")
            try await run(
                #"mkdir -p "$1" && exec mmdebstrap --mode=root --variant=apt --format=directory "$2" "$1""#,
                [unfinished, release], "The root file system could not be made: mmdebstrap failed", progress)
            progress.step("made the root file system")
            return unfinished
        }
    }

    private static func releaseName() throws -> String {
        let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
        let words = text.split(separator: "\n").first { $0.hasPrefix("VERSION_CODENAME=") }?.split(separator: "=")
        guard let words, words.count == 2 else {
            throw ClusterError(
                .imageUnavailable, "What release this machine runs is not known (/etc/os-release).",
                remedy: "Give a root file system: image: .rootFileSystem(folder or tar).")
        }
        return words[1].filter { $0.isLetter || $0.isNumber }
    }

    // MARK: Layers

    private func layer(_ target: String, on lower: LayeredImage, _ progress: Progress) async throws -> String {
        var fingerprint = ImageFingerprint()
        for word in [target, lower.root] + lower.layers { fingerprint.add(word.utf8) }
        fingerprint.add(BuildContext.own.fingerprint.text.utf8)
        fingerprint.add(Self.script.utf8)
        // A layer is made for what is below it: when packages are installed or upgraded there, it is made again.
        let packages = (lower.root == "/" ? "" : lower.root) + "/var/lib/dpkg/status"
        if let identity = try? identity(of: packages) { fingerprint.add(identity.utf8) }
        return try await once("\(target)-\(fingerprint.text)") { unfinished in
            progress.step("making the layer \(target) of a node; this is done once")
            let arguments =
                lower.links.flatMap { ["link", $0.link, $0.target] }
                + lower.overlays.flatMap { ["overlay", $0.folder, $0.lower] }
            try await run(
                Self.script,
                [
                    unfinished, try BuildContext.own.unpack() + "/docker", target, users == nil ? "" : ",userxattr",
                    lower.root == "/" ? "this machine's" : "its own",
                ] + arguments, "The layer \(target) of a node could not be made: provision.sh failed", progress)
            progress.step("made the layer \(target)")
            return unfinished + "/u"
        }
    }

    /// A node is nobody's machine: the accounts of this one's people are taken out, and root's password with them.
    private static let script = """
        place=$1 provision=$2 target=$3 options=$4 root=$5
        shift 5
        mkdir -p "$place/u" "$place/w" "$place/r"
        cd "$place/r"
        while [ $# != 0 ]; do
            case $1 in
                link) ln -s "$3" "$2" ;;
                overlay)
                    mkdir "$place/u/$2" "$place/w/$2" "$2"
                    mount -t overlay overlay -o "lowerdir=$3,upperdir=$place/u/$2,workdir=$place/w/$2$options" "$2"
                    ;;
            esac
            shift 3
        done
        mkdir -p proc sys dev tmp run root home mnt
        for folder in proc sys dev; do mount --rbind "/$folder" "$folder"; done
        for folder in tmp run; do mount -t tmpfs tmpfs "$folder"; done
        [ "$root" = 'its own' ] || mount -t tmpfs tmpfs root
        names=$(cat /etc/resolv.conf)
        rm -f etc/resolv.conf
        printf '%s\\n' "$names" >etc/resolv.conf
        mkdir -p run/provision run/lock
        cp -R "$provision/." run/provision
        printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
        chmod 0755 usr/sbin/policy-rc.d
        if [ "$target" = node ] && [ "$root" != 'its own' ]; then
            awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' etc/passwd | while read -r person; do
                chroot . userdel --force "$person" 2>/dev/null || true
            done
        fi
        exec chroot . sh /run/provision/provision.sh "$target"
        """

    // MARK: How things are made

    private static let builds = OnceEach()

    /// Makes a folder of the cache if it is not there: beside its place, and then moved there, so that it is there whole or
    /// not at all.
    ///
    /// - Parameters:
    ///   - name: The folder's name.
    ///   - make: Gets the folder to work in, and returns what of it is to be kept.
    /// - Returns: The folder.
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    private func once(_ name: String, _ make: @escaping @Sendable (String) async throws -> String) async throws
        -> String
    {
        let folder = "\(cache)/\(name)"
        if FileManager.default.fileExists(atPath: folder) { return folder }
        try await Self.builds.once(folder) {
            try UserCache.makeFolder(cache)
            let unfinished = "\(folder).\(getpid())"
            do {
                let made = try await make(unfinished)
                // Another process may have been quicker; what it made is as good.
                if rename(made, folder) != 0, !FileManager.default.fileExists(atPath: folder) {
                    throw ClusterError(
                        .imageUnavailable,
                        "\(made) could not be moved to \(folder): \(String(cString: strerror(errno)))."
                    )
                }
            } catch {
                try await uncancelled { try await remove(unfinished) }
                throw error
            }
            try await remove(unfinished)
        }
        return folder
    }

    private func run(_ text: String, _ words: [String], _ failure: String, _ progress: Progress) async throws {
        let shell = ["env", "-i", Self.path, "HOME=/root", "sh", "-ec", text, "image"]
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--propagation", "private"]
        let command = Command("unshare", (users == nil ? [] : Self.ownUsers) + namespaces + shell + words)
        let (code, log) = try await progress.follow(command)
        guard code == 0 else {
            throw ClusterError(
                .imageUnavailable, "\(failure), exit code \(code).", log: log,
                remedy: log.contains("No space left on device")
                    ? "Make room on the disk of \(cache), or name another folder by XDG_CACHE_HOME."
                    : "Mend the failing step, shown below, and run again.")
        }
    }

    /// What belongs to other users of the cluster's is only removed as their root.
    private func remove(_ folder: String) async throws {
        guard FileManager.default.fileExists(atPath: folder) else { return }
        guard users != nil else { return try FileManager.default.removeItem(atPath: folder) }
        _ = try await Command("unshare", Self.ownUsers + ["rm", "-rf", "--", folder]).output()
    }

    private static let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The same users as a cluster's: ``UserNamespace``.
    private static let ownUsers = ["--user", "--map-root-user", "--map-auto"]

    /// What tells a large file from another version of itself without reading it.
    private func identity(of path: String) throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ClusterError(.imageUnavailable, "\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        return "\(path) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
}
#endif
