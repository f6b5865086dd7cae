#if os(Linux)
import Foundation

/// What nodes are made of, kept in the user's cache folder and found again by what it is made of.
///
/// A layer is made by `docker/provision.sh`, which runs in an overlay over what is below: what it wrote is the layer. Below all is
/// a root file system of the node's own: nothing of this machine's shows through.
package struct NamespaceImages: Sendable {
    let cache: ImageCache

    package init(cache: String?) { self.cache = ImageCache(folder: cache ?? UserFolders.cache + "/layers") }

    package func ensure(_ image: NodeImage, timeline: Timeline) async throws -> LayeredImage {
        try image.validate()
        var layered = try await source(of: image, timeline)
        for addition in image.additions {
            let context = try addition.context()
            layered = layered.adding(
                try await layer("add", of: context, in: ImageAddition.folder, on: layered, timeline))
        }
        return layered
    }

    private func source(of image: NodeImage, _ timeline: Timeline) async throws -> LayeredImage {
        if case .snapshot(let name) = image.source { return try cache.snapshot(name) }
        let (root, target) = try await root(of: image, timeline)
        var layered = LayeredImage(root: root)
        for stage in target == "node" ? ["node"] : ["node", target] {
            layered = layered.adding(
                try await layer(stage, of: BuildContext.own, in: "docker", on: layered, timeline))
        }
        return layered
    }

    /// Keeps what a node has written, as an archive has it, as a layer.
    ///
    /// - Parameters:
    ///   - name: The layer's name.
    ///   - description: What it is, for people.
    ///   - archive: A tar archive of the folder `u` of an overlay.
    ///   - below: What the node stands on.
    ///   - secrets: Paths of files that are left out.
    /// - Throws: ``ClusterError`` with the code `imageUnavailable`.
    func keep(
        _ name: String, of description: String, archive: String, over below: LayeredImage, without secrets: [String]
    )
        async throws
    {
        let timeline = Timeline()
        _ = try await cache.once(name, description, timeline: timeline) { workshop in
            try await workshop.prepare { try await workshop.copy(archive) }
            try await workshop.run(
                Self.unpacking, [workshop.inside(workshop.folder)] + secrets,
                else: "The files of \(description) could not be kept", timeline: timeline)
            return workshop.folder + "/u"
        }
        try cache.note(below, of: name)
    }

    /// The next cluster has keys, rights, passwords and services of its own: these are nobody's any more.
    private static let unpacking = """
        cd "$1"
        shift
        # The node's root has made these files: what is removed must be the layer's, and not what a link leads to.
        own() {
            place=u
            rest=${1#u/}
            while [ "$rest" != "${rest#*/}" ]; do
                place=$place/${rest%%/*} rest=${rest#*/}
                [ ! -L "$place" ] || {
                    echo "its ${place#u} is a link" >&2
                    exit 1
                }
            done
        }
        remove() { for path; do own "$path" && rm -f "$path"; done; }
        tar --extract --file=input --same-owner --same-permissions --numeric-owner --xattrs --xattrs-include='*' u
        own u/etc/ssh/sshd_config.d/cluster-fixture.conf
        if [ -e u/etc/ssh/sshd_config.d/cluster-fixture.conf ] && [ -f u/etc/shadow ] && [ ! -L u/etc/shadow ]; then
            sed -i 's/^\\(root\\|ubuntu\\):[^:]*:/\\1:*:/' u/etc/shadow
        fi
        remove u/etc/ssh/ssh_host_*_key u/etc/ssh/ssh_host_*_key.pub u/etc/sudoers.d/cluster-fixture
        remove u/etc/ssh/sshd_config.d/cluster-fixture.conf u/etc/ssh/sshd_config.d/environment.conf
        find u -path '*/.ssh/*' \\( -name 'id_*' -o -name environment -o -name authorized_keys \\) -delete
        for file; do remove "u$file"; done
        """

    /// Removes a layer of the cache that no node stands on, and that none will.
    package func remove(_ layer: String) async throws {
        try await cache.remove((layer as NSString).lastPathComponent)
    }

    /// Refuses an image that can't be had without an engine.
    package static func check(_ image: NodeImage) throws {
        switch image.source {
        case .package(_, let base?) where BaseRelease(base) == nil:
            throw ClusterError(
                .invalidConfiguration,
                "The namespaces backend knows no base \"\(ClusterConfiguration.printable(base))\".",
                remedy: "Use \(BaseRelease.known.joined(separator: ", ")), .rootFileSystem, or the docker backend.")
        case .named:
            throw ClusterError(
                .invalidConfiguration,
                "The namespaces backend has no image \"\(image)\".",
                remedy: ClusterCatalog.nearest(to: "\(image)".lowercased(), among: ["node", "dask", "laserfarm"])
                    .map { "Did you mean \($0)?" }
                    ?? "Use node, dask, laserfarm, a Dockerfile or a root file system; an image of an engine needs the docker backend."
            )
        case .dockerfile: try RootFileSystems.requireBuilder(of: image)
        default: break
        }
    }

    /// The root file system that an image begins with, and the target of provision.sh that it is to have.
    private func root(of image: NodeImage, _ timeline: Timeline) async throws -> (root: String, target: String) {
        try Self.check(image)
        let roots = RootFileSystems(cache: cache)
        switch image.source {
        case .package(let target, let base):
            return (try await roots.release(base.flatMap(BaseRelease.init) ?? .standard, timeline), target)
        case .rootFileSystem(let path): return (try await roots.given(path, timeline), "node")
        case .dockerfile(let path, let context, let target, let arguments):
            let fingerprint = try Fingerprint.of(
                dockerfile: path, context: context, target: target, arguments: arguments)
            var words = ["--file", path] + (target.map { ["--target", $0] } ?? [])
            for (key, value) in arguments.sorted(by: { $0.key < $1.key }) {
                words += ["--build-arg", "\(key)=\(value)"]
            }
            return (try await roots.built(image, words + [context], fingerprint, timeline), "node")
        case .named(let name), .snapshot(let name): return (name, "node")  // refused, or found, above
        }
    }

    private func layer(
        _ target: String, of context: BuildContext, in folder: String, on lower: LayeredImage, _ timeline: Timeline
    ) async throws -> String {
        var fingerprint = Fingerprint()
        for word in [target] + lower.folders.map(cache.nameOrPath) { fingerprint.add(word.utf8) }
        fingerprint.add(context.fingerprint.text.utf8)
        fingerprint.add(Self.script.utf8)
        // A layer is made for what is below it: when packages are installed or upgraded in a folder of the user's, it is made again.
        if !cache.contains(lower.root), let identity = try? ImageCache.identity(of: lower.root + "/var/lib/dpkg/status")
        {
            fingerprint.add(identity.utf8)
        }
        return try await cache.once("\(target)-\(fingerprint.text)", target, timeline: timeline) { workshop in
            timeline.note(.work, "making the layer \(target) of a node; this is done once")
            try await workshop.prepare { try await workshop.copy(context.unpack() + "/" + folder) }
            let words = [workshop.inside(workshop.folder), target]
            try await workshop.run(
                Self.script, words + lower.folders.map(workshop.inside),
                else: "The layer \(target) of a node could not be made: provision.sh failed", timeline: timeline)
            timeline.note(.work, "made the layer \(target)")
            return workshop.folder + "/u"
        }
    }

    /// What a root file system brings is run in it as its own root, without the way back that chroot(2) leaves, and with what
    /// installing packages takes of root's capabilities.
    private static let script = """
        cd "$1"
        target=$2
        shift 2
        mkdir u w r
        # overlayfs and mount(8) each have a way of their own to quote what separates folders and options: these names have none.
        lower=
        for folder; do
            name=l$#
            shift
            mkdir "$name"
            mount --rbind "$folder" "$name"
            lower=$lower${lower:+:}$name
        done
        mount -t overlay overlay -o "lowerdir=$lower,upperdir=u,workdir=w,userxattr" r
        cd r
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
        cp -R ../input/. run/provision
        cat /etc/resolv.conf >run/provision/resolv.conf
        pivot_root . run/outside
        exec sh -ec '
            umount --lazy /run/outside
            rm -f /etc/resolv.conf
            cat /run/provision/resolv.conf >/etc/resolv.conf
            printf "#!/bin/sh\\nexit 101\\n" >/usr/sbin/policy-rc.d
            chmod 0755 /usr/sbin/policy-rc.d
            # Packages ask for the address of the machine they are on. It is one without a past: neither name gets into the image.
            hostname image
            touch /etc/hosts
            { cat /etc/hosts; printf "127.0.0.1 localhost\\n127.0.1.1 image\\n"; } >/run/provision/hosts
            mount --bind /run/provision/hosts /etc/hosts
            setpriv --inh-caps=-all --bounding-set="$2" sh /run/provision/provision.sh "$1"
            umount /etc/hosts
            rm -rf /run/provision
            rmdir /run/outside
            mkdir -p /opt/cluster-fixture
            find /run -mindepth 1 -type d -printf "%m %U %G %p\\n" >>"$3"
            ' provision "$target" "\(capabilities)" "\(LayeredImage.runFolders)"
        """

    private static let capabilities =
        "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap,+sys_chroot,+net_bind_service,+audit_write"
}
#endif
