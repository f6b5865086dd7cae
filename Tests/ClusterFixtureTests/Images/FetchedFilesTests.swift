import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What is fetched while an image is made is what was meant, or it is not taken.
@Suite(.timeLimit(.minutes(1))) struct FetchedFilesTests {
    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: Checkout.path + "/" + path, encoding: .utf8)
    }

    /// The names and versions in a list of requirements, and how many hashes each has.
    private static func pins(_ path: String) throws -> [String: (version: String, hashes: Int)] {
        let lines = try text(path).replacing("\\\n", with: " ").split(separator: "\n").filter { !$0.hasPrefix("#") }
        return try lines.reduce(into: [:]) { pins, line in
            let words = line.split(separator: " ")
            let parts = words[0].components(separatedBy: "==")
            try #require(parts.count == 2, "\(line)")
            let hashes = words.dropFirst().filter { $0.wholeMatch(of: /--hash=sha256:[0-9a-f]{64}/) != nil }
            #expect(hashes.count == words.count - 1, "\(parts[0])")
            let name = parts[0].prefix { $0 != "[" }.lowercased().replacing("_", with: "-")
            pins[name] = (parts[1], hashes.count)
        }
    }

    @Test(arguments: ["docker/requirements", "docker/laserfarm", "scripts/clients"])
    func everyRequirementHasItsVersionAndItsHashes(list: String) throws {
        let pins = try Self.pins(list + ".txt")
        for (name, pin) in pins { #expect(pin.hashes > 0, "\(name)") }
        let wanted = try Self.pins(list + ".in")
        #expect(!wanted.isEmpty)
        for (name, pin) in wanted {
            #expect(pins[name]?.version == pin.version, "\(name): run scripts/pin-requirements")
        }
    }

    enum Parcel: CaseIterable { case asMeant, changed, withoutHash, neededWithoutBeingListed, toBeBuilt }

    /// The very steps of provision.sh, with a package index of files of ours.
    @Test(.requiresPythonClients, arguments: Parcel.allCases, ["requirements.txt", "laserfarm.txt"])
    func pipInstallsNothingButWheelsOfAKnownHash(parcel: Parcel, list: String) async throws {
        let script = try Self.text("docker/provision.sh").replacing("\\\n", with: " ")
        let step = try #require(
            script.split(separator: "\n").first { $0.contains("pip install") && $0.contains(list) }
        ).replacing("/usr/local/bin/pip", with: "\"$python\" -m pip").replacing("$here", with: "$folder")
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/index", withIntermediateDirectories: true)
            let made = try await Command("python3", ["-c", Self.parcelMaker, folder, "\(parcel)", list]).output()
            try #require(made.succeeded, "\(made.standardError)")
            let install = try await Command(
                "sh", ["-ec", step + " --target \"$folder/target\""],
                environment: [
                    "python": PythonClients.interpreter, "folder": folder, "PIP_NO_INDEX": "1",
                    "PIP_FIND_LINKS": folder + "/index", "PIP_CONFIG_FILE": "/dev/null",
                ]
            ).output()
            let isInstalled = FileManager.default.fileExists(atPath: folder + "/target/parcel.py")
            switch parcel {
            case .asMeant: #expect(install.succeeded && isInstalled, "\(install.complaint)")
            case .changed: #expect(install.standardError.contains("DO NOT MATCH"), "\(install.complaint)")
            case .withoutHash, .neededWithoutBeingListed:
                #expect(install.standardError.contains("--require-hashes mode"), "\(install.complaint)")
            case .toBeBuilt:
                #expect(install.standardError.contains("No matching distribution"), "\(install.complaint)")
                #expect(!FileManager.default.fileExists(atPath: folder + "/built"))
            }
            if parcel != .asMeant { #expect(!install.succeeded && !isInstalled) }
        }
    }

    /// Writes a package `parcel` and a list that asks for it.
    private static let parcelMaker = #"""
        import hashlib, io, sys, tarfile, zipfile
        folder, kind, list = sys.argv[1:]
        def wheel(name, needs=""):
            path, info = f"{folder}/index/{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
            with zipfile.ZipFile(path, "w") as file:
                file.writestr(f"{name}.py", "")
                file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
                file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                file.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
            return path
        def source():
            path, text = f"{folder}/index/parcel-1.0.tar.gz", f"open({folder + '/built'!r}, 'w')\n".encode()
            with tarfile.open(path, "w:gz") as file:
                entry = tarfile.TarInfo("parcel-1.0/setup.py")
                entry.size = len(text)
                file.addfile(entry, io.BytesIO(text))
            return path
        if kind == "neededWithoutBeingListed":
            wheel("other")
            path = wheel("parcel", "Requires-Dist: other\n")
        else:
            path = source() if kind == "toBeBuilt" else wheel("parcel")
        digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
        if kind == "changed":
            digest = hashlib.sha256(b"another").hexdigest()
        line = "parcel==1.0" + ("" if kind == "withoutHash" else f" --hash=sha256:{digest}")
        open(f"{folder}/{list}", "w").write(line + "\n")
        """#

    /// The base image that is made here, where no registry answers, comes from a signed archive or not at all.
    @Test(
        .enabled("debootstrap, which makes a base image, is not here") { ProgramPath.find("debootstrap") != nil },
        .enabled("only root can make a base image") { geteuid() == 0 })
    func anArchiveThatIsNotSignedGivesNoBaseImage() async throws {
        let script = try Self.text("scripts/base-image")
        let options = try #require(script.firstMatch(of: /debootstrap (?<options>--.*) "\$1"/)).output.options
        try await withTemporaryFolder { folder in
            let release = folder + "/archive/dists/bookworm"
            try FileManager.default.createDirectory(atPath: release, withIntermediateDirectories: true)
            try
                "Origin: Debian\nSuite: bookworm\nCodename: bookworm\nComponents: main\nArchitectures: all amd64 arm64\n"
                .write(toFile: release + "/Release", atomically: true, encoding: .utf8)
            let words = options.split(separator: " ").map(String.init)
            let made = try await Command(
                "debootstrap", words + ["bookworm", folder + "/root", "file://" + folder + "/archive"]
            ).output()
            #expect(!made.succeeded)
            let said = made.standardOutput + made.standardError
            #expect(said.contains("Release signature") || said.contains("Release.gpg"), "\(said)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/root/usr/bin/apt"))
        }
    }

    /// The engine has an image of that name, but not of that digest.
    @Test(.requiresDocker) func aBaseOfAnotherDigestIsNotTaken() async throws {
        let base = "debian:trixie-slim@sha256:" + String(repeating: "0", count: 64)
        let error = try await #require(throws: ClusterError.self) {
            try await DockerImages(engine: DockerEngine()).ensure(.node(basedOn: base), timeline: Timeline())
        }
        #expect(error.code == .imageUnavailable)
        #expect(error.message.contains("could not be built"), "\(error)")
    }
}
