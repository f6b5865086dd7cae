#if os(Linux)
import Foundation
import Glibc

/// Root file systems and the layers over them, kept in the user's cache folder and found again by what they are made of.
///
/// A layer is made by `docker/provision.sh`, which runs in an overlay over what is below, in namespaces of its own: what
/// it wrote is the layer. Unless a root file system is given, a small one is made by mmdebstrap: nothing of this machine's own
/// shows through in a node.
package struct NamespaceImages: Sendable {
    private let cache: String
    private let users: UserNamespace?

    package init(cache: String?) {
        self.cache = cache ?? UserFolders.cache + "/layers"
        users = UserNamespace.isNeeded ? UserNamespace() : nil
    }

    package func ensure(_ image: NodeImage, timeline: Timeline) async throws -> LayeredImage {
        try refuseSeparators()
        let root: String
        let target: String
        switch image.source {
        case .package(let stage, base: nil):
            root = try await debian(timeline)
            target = stage
        case .rootFileSystem(let path):
            root = try await rootFileSystem(path, timeline)
            target = "node"
        default:
            throw ClusterError(
                .imageUnavailable, "The namespaces backend can't make nodes of the image \(image).",
                remedy: "Use .node, .dask or .rootFileSystem, or the docker backend.")
        }
        var layered = LayeredImage(root: root)
        for stage in target == "node" ? ["node"] : ["node", target] {
            layered = layered.adding(try await layer(stage, on: layered, timeline))
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
    private func rootFileSystem(_ path: String, _ timeline: Timeline) async throws -> String {
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
            timeline.note(.work, "unpacking \(path); this is done once")
            let text = """
                mkdir -p "$1"
                tar --extract --numeric-owner --preserve-permissions --exclude='dev/*' --exclude='./dev/*' \
                    --file "$2" --directory "$1"
                [ -e "$1/etc/passwd" ]
                """
            try await run(text, [unfinished, path], "\(path) is no archive of a root file system", timeline)
            return unfinished
        }
    }

    /// The release that this machine runs, in its smallest form.
    private func debian(_ timeline: Timeline) async throws -> String {
        let release = try Self.releaseName()
        return try await once("debian-" + release) { unfinished in
            guard ProgramPath.find("mmdebstrap") != nil else {
                throw ClusterError(
                    .missingProgram,
                    "Nodes need a root file system of their own, and mmdebstrap, which makes it, is not on this machine.",
                    remedy:
                        "Install it (apt-get install mmdebstrap), or give one: image: .rootFileSystem(folder or tar)."
                )
            }
            timeline.note(.work, "making a root file system (\(release)); this is done once")
            try await run(
                #"mkdir -p "$1" && exec mmdebstrap --mode=root --variant=apt --include=mount --format=directory "$2" "$1""#,
                [unfinished, release], "The root file system could not be made: mmdebstrap failed", timeline)
            timeline.note(.work, "made the root file system")
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

    private func layer(_ target: String, on lower: LayeredImage, _ timeline: Timeline) async throws -> String {
        var fingerprint = ImageFingerprint()
        for word in [target, lower.root] + lower.layers { fingerprint.add(word.utf8) }
        fingerprint.add(BuildContext.own.fingerprint.text.utf8)
        fingerprint.add(Self.script.utf8)
        // A layer is made for what is below it: when packages are installed or upgraded there, it is made again.
        if let identity = try? identity(of: lower.root + "/var/lib/dpkg/status") { fingerprint.add(identity.utf8) }
        return try await once("\(target)-\(fingerprint.text)") { unfinished in
            timeline.note(.work, "making the layer \(target) of a node; this is done once")
            let words = [
                unfinished, try BuildContext.own.unpack() + "/docker", target, lower.lowerFolders,
                users == nil ? "" : ",userxattr",
            ]
            try await run(
                Self.script, words, "The layer \(target) of a node could not be made: provision.sh failed", timeline)
            timeline.note(.work, "made the layer \(target)")
            return unfinished + "/u"
        }
    }

    /// What a root file system brings is run in it as its own root, without the way back that chroot(2) leaves, and with what
    /// installing packages takes of root's capabilities.
    private static let script = """
        place=$1 provision=$2 target=$3 lower=$4 options=$5
        mkdir -p "$place/u" "$place/w" "$place/r"
        mount -t overlay overlay -o "lowerdir=$lower,upperdir=$place/u,workdir=$place/w$options" "$place/r"
        cd "$place/r"
        for folder in proc dev tmp run; do
            # It would lead out of here.
            [ ! -L "$folder" ] || { echo "/$folder is a link, and has to be a folder"; exit 1; }
            mkdir -p "$folder"
        done
        mount -t proc proc proc
        for folder in dev tmp run; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
        chmod 1777 tmp
        for device in null zero full random urandom tty; do
            touch "dev/$device"
            mount --bind "/dev/$device" "dev/$device"
        done
        ln -s /proc/self/fd dev/fd
        mkdir run/provision run/lock run/outside
        cp -R "$provision/." run/provision
        cat /etc/resolv.conf >run/provision/resolv.conf
        pivot_root . run/outside
        exec sh -ec '
            umount --lazy /run/outside
            rm -f /etc/resolv.conf
            cat /run/provision/resolv.conf >/etc/resolv.conf
            printf "#!/bin/sh\\nexit 101\\n" >/usr/sbin/policy-rc.d
            chmod 0755 /usr/sbin/policy-rc.d
            exec setpriv --inh-caps=-all --bounding-set="$2" sh /run/provision/provision.sh "$1"
            ' provision "$target" "\(capabilities)"
        """

    private static let capabilities =
        "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap,+sys_chroot,+net_bind_service,+audit_write"

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
        // What is in there becomes the nodes' system: nobody else may have put it there.
        _ = try OwnFolder.ensured(cache, for: .readers)
        if FileManager.default.fileExists(atPath: folder) { return folder }
        try await Self.builds.once(folder) {
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

    private func run(_ text: String, _ words: [String], _ failure: String, _ timeline: Timeline) async throws {
        let shell = ["env", "-i", Self.path, "HOME=/root", "sh", "-ec", text, "image"]
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--propagation", "private"]
        let command = Command("unshare", (users == nil ? [] : Self.ownUsers) + namespaces + shell + words)
        let (code, log) = try await timeline.follow(command)
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
        guard users != nil else {
            return try OwnFolder(cache, for: .readers).remove((folder as NSString).lastPathComponent)
        }
        _ = try await Command("unshare", Self.ownUsers + ["rm", "-rf", "--one-file-system", "--", folder]).output()
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
