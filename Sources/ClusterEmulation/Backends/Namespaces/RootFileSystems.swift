#if os(Linux)
import Foundation

/// What nodes stand on: a small Debian that mmdebstrap or debootstrap makes, or a root file system of the user's.
struct RootFileSystems: Sendable {
    let cache: ImageCache

    /// A release in its smallest form, made of its archive.
    func release(_ release: BaseRelease, _ timeline: Timeline) async throws -> String {
        let (distribution, suite) = (release.distribution, release.suite)
        var fingerprint = Fingerprint()
        for word in [Self.script, "\(ClusterUsers.root)"] { fingerprint.add(word.utf8) }
        return try await cache.once(
            "\(distribution)-\(suite)-\(fingerprint.text)", "\(distribution) \(suite)", timeline: timeline
        ) { workshop in
            let program = try Self.program(for: distribution)
            timeline.note(.work, "making a root file system (\(distribution) \(suite)); this is done once")
            try await workshop.prepare()
            try await workshop.run(
                Self.script,
                [
                    workshop.inside(workshop.folder), suite, distribution == "ubuntu" ? "main,universe" : "main",
                    program, distribution,
                ],
                else: "The root file system could not be made: \(program) failed", timeline: timeline)
            timeline.note(.work, "made the root file system")
            return workshop.folder + "/root"
        }
    }

    /// Layers are made with its `umount`.
    ///
    /// debootstrap tries to make devices, which no root of other users may, unless it takes its place for a container of LXC's. It
    /// knows nothing of updates: what is installed later comes from there.
    private static let script = """
        root=$1/root suite=$2 components=$3
        if [ "$4" = mmdebstrap ]; then
            exec mmdebstrap --mode=root --variant=apt --include=mount --dpkgopt=force-unsafe-io --format=directory \
                --components="$components" "$suite" "$root"
        fi
        container=lxc debootstrap --variant=minbase --force-check-gpg --include=mount --components="$components" \
            "$suite" "$root"
        case $5 in
            debian) updates=http://deb.debian.org/debian security=http://security.debian.org/debian-security ;;
            ubuntu) updates=http://archive.ubuntu.com/ubuntu security=http://security.ubuntu.com/ubuntu ;;
        esac
        words=$(echo "$components" | tr , ' ')
        printf 'deb %s %s-updates %s\ndeb %s %s-security %s\n' \
            "$updates" "$suite" "$words" "$security" "$suite" "$words" >>"$root/etc/apt/sources.list"
        """

    /// The program that makes one.
    ///
    /// - Throws: ``ClusterError`` with the code `missingProgram` if there is none, or if the archive's keys are missing.
    static func program(for distribution: String) throws -> String {
        guard let program = ["mmdebstrap", "debootstrap"].first(where: { ProgramPath.find($0) != nil }) else {
            throw ClusterError(
                .missingProgram,
                "Nodes need a root file system of their own, and neither mmdebstrap nor debootstrap, which make one, is on this machine.",
                remedy:
                    "Install one (apt-get install mmdebstrap), or give a root file system: image: .rootFileSystem(folder or tar)."
            )
        }
        let keys = "/usr/share/keyrings/\(distribution)-archive-keyring"
        guard ["gpg", "pgp"].contains(where: { FileManager.default.fileExists(atPath: "\(keys).\($0)") }) else {
            throw ClusterError(
                .missingProgram,
                "Packages of \(distribution)'s can't be checked: its archive's keys are not on this machine (\(keys).gpg).",
                remedy:
                    "Install its keyring (\(distribution == "debian" ? "debian-archive-keyring" : "ubuntu-keyring")), or use another base."
            )
        }
        return program
    }

    /// An archive is unpacked once. So is a folder if this process is root, since its files belong to this machine's users and
    /// not to the cluster's; other users' folders are used as they are.
    func given(_ path: String, _ timeline: Timeline) async throws -> String {
        var isFolder: ObjCBool = false
        guard path.hasPrefix("/"), FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ClusterError(
                .imageUnavailable,
                "\"\(ClusterConfiguration.printable(path))\" is not a root file system: give the absolute path of a folder or a tar archive."
            )
        }
        if isFolder.boolValue {
            guard FileManager.default.fileExists(atPath: path + "/etc/passwd") else {
                throw ClusterError(
                    .imageUnavailable, "\(path) is not a root file system: it has no etc/passwd.",
                    remedy: "Make one with debootstrap or mmdebstrap, or give the tar archive of one.")
            }
            if !ClusterUsers.makerIsRoot { return path }
        }
        var fingerprint = Fingerprint()
        // Of a folder, its package database tells of most changes.
        for path in [path] + (isFolder.boolValue ? ["etc", "var/lib/dpkg/status"].map { path + "/" + $0 } : []) {
            if let identity = try? ImageCache.identity(of: path) { fingerprint.add(identity.utf8) }
        }
        let isArchive = !isFolder.boolValue
        return try await unpacked(path, as: "root-" + fingerprint.text, timeline) { workshop in
            timeline.note(.work, "unpacking \(path); this is done once")
            if isArchive {
                try await workshop.copy(path)
            } else {
                try await workshop.archive(path)
            }
        }
    }

    /// Unpacks an archive that a closure puts into a workshop, under the name `input`.
    private func unpacked(
        _ path: String, as name: String, _ timeline: Timeline,
        input: @escaping @Sendable (ImageWorkshop) async throws -> Void
    ) async throws -> String {
        try await cache.once(name, path, timeline: timeline) { workshop in
            try await workshop.prepare { try await input(workshop) }
            let text = """
                mkdir "$1/root"
                tar --extract --numeric-owner --preserve-permissions --exclude='dev/*' --exclude='./dev/*' \
                    --xattrs --xattrs-include=security.capability --xattrs-include='user.*' \
                    --file "$1/input" --directory "$1/root"
                [ -e "$1/root/etc/passwd" ]
                """
            try await workshop.run(
                text, [workshop.inside(workshop.folder)], else: "\(path) is not a tar archive of a root file system",
                remedy: "It must be one with /etc/passwd, such as debootstrap and mmdebstrap make.", timeline: timeline)
            return workshop.folder + "/root"
        }
    }

    static func requireBuilder(of image: NodeImage) throws {
        guard ProgramPath.find("buildah") == nil else { return }
        throw ClusterError(
            .missingProgram,
            "The namespaces backend builds the image \(image) with buildah, which is not on this machine.",
            remedy: "Install it (apt-get install buildah), or use the docker backend.")
    }

    /// What buildah makes of a Dockerfile; of the image that it makes, only the files are kept.
    func built(
        _ image: NodeImage, _ words: [String], _ fingerprint: String, _ timeline: Timeline
    ) async throws -> String {
        try await unpacked("the image \(image)", as: "image-" + fingerprint, timeline) { workshop in
            timeline.note(.work, "building the image \(image) with buildah; this is done once")
            let text = """
                place=$1
                shift
                buildah build --force-rm --layers=false --iidfile "$place/id" "$@" >&2
                image=$(cat "$place/id")
                container=$(buildah from --pull-never "$image")
                trap 'buildah rm "$container" >/dev/null; buildah rmi "$image" >/dev/null' EXIT
                folder=$(buildah mount "$container")
                tar --create --directory "$folder" --one-file-system --numeric-owner --xattrs --file "$place/input" .
                """
            let shell = ["sh", "-ec", text, "build", workshop.folder] + words
            let command =
                ClusterUsers.makerIsRoot
                ? Command("sh", Array(shell.dropFirst())) : Command("buildah", ["unshare"] + shell)
            let (code, log) = try await timeline.follow(command)
            guard code == 0 else {
                throw ClusterError.failedBuild(
                    "The image \(image) could not be built by buildah, exit code \(code)", log: log)
            }
            timeline.note(.work, "built the image \(image)")
        }
    }
}
#endif
