#if os(Linux)
import Foundation

/// What nodes stand on: a small Debian that mmdebstrap makes, or a root file system of the user's.
struct RootFileSystems: Sendable {
    let cache: ImageCache

    /// The release that this machine runs, in its smallest form.
    func debian(_ progress: Progress) async throws -> String {
        let release = try Self.releaseName()
        var fingerprint = ImageFingerprint()
        for word in [Self.debian, "\(ClusterUsers.root)"] { fingerprint.add(word.utf8) }
        return try await cache.once("debian-\(release)-\(fingerprint.text)", "Debian \(release)", progress: progress) {
            workshop in
            guard ProgramPath.find("mmdebstrap") != nil else {
                throw ClusterError(
                    .missingProgram,
                    "Nodes need a root file system of their own, and mmdebstrap, which makes it, is not on this machine.",
                    remedy:
                        "Install it (apt-get install mmdebstrap), or give one: image: .rootFileSystem(folder or tar)."
                )
            }
            progress.step("making a root file system (\(release)); this is done once")
            try await workshop.prepare()
            try await workshop.run(
                Self.debian, [workshop.inside(workshop.folder), release],
                else: "The root file system could not be made: mmdebstrap failed", progress: progress)
            progress.step("made the root file system")
            return workshop.folder + "/root"
        }
    }

    /// Layers are made with its `umount`.
    private static let debian =
        #"exec mmdebstrap --mode=root --variant=apt --include=mount --dpkgopt=force-unsafe-io --format=directory "$2" "$1/root""#

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

    /// An archive is unpacked once. So is a folder if this process is root, since its files belong to this machine's users and
    /// not to the cluster's; other users' folders are used as they are.
    func given(_ path: String, _ progress: Progress) async throws -> String {
        var isFolder: ObjCBool = false
        guard path.hasPrefix("/"), FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ClusterError(
                .imageUnavailable,
                "\"\(ClusterConfiguration.printable(path))\" is no root file system: give the absolute path of a folder or a tar archive."
            )
        }
        if isFolder.boolValue {
            guard FileManager.default.fileExists(atPath: path + "/etc/passwd") else {
                throw ClusterError(
                    .imageUnavailable, "\(path) is no root file system: it has no etc/passwd.",
                    remedy: "Make one with debootstrap or mmdebstrap, or give the tar archive of one.")
            }
            if !ClusterUsers.makerIsRoot { return path }
        }
        var fingerprint = ImageFingerprint()
        // Of a folder, its package database tells of most changes.
        for path in [path] + (isFolder.boolValue ? ["etc", "var/lib/dpkg/status"].map { path + "/" + $0 } : []) {
            if let identity = try? ImageCache.identity(of: path) { fingerprint.add(identity.utf8) }
        }
        return try await unpacked(path, isFolder: isFolder.boolValue, as: "root-" + fingerprint.text, progress)
    }

    private func unpacked(
        _ path: String, isFolder: Bool, as name: String, _ progress: Progress
    ) async throws -> String {
        try await cache.once(name, path, progress: progress) { workshop in
            progress.step("unpacking \(path); this is done once")
            if isFolder {
                try await workshop.prepare(archiving: path)
            } else {
                try await workshop.prepare(copying: path)
            }
            let text = """
                mkdir "$1/root"
                tar --extract --numeric-owner --preserve-permissions --exclude='dev/*' --exclude='./dev/*' \
                    --xattrs --xattrs-include=security.capability --xattrs-include='user.*' \
                    --file "$1/input" --directory "$1/root"
                [ -e "$1/root/etc/passwd" ]
                """
            try await workshop.run(
                text, [workshop.inside(workshop.folder)], else: "\(path) is no archive of a root file system",
                progress: progress)
            return workshop.folder + "/root"
        }
    }
}
#endif
