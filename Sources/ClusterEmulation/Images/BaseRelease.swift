/// A release of Debian or Ubuntu, as the name of its image says it.
package struct BaseRelease: Sendable, Hashable {
    /// `debian` or `ubuntu`.
    package let distribution: String
    /// The release's name in the distribution's archive, such as `trixie`.
    package let suite: String

    /// Reads a name such as `debian:trixie`, `debian:12-slim` or `ubuntu:24.04`; nil if it is none of a release that is known.
    package init?(_ image: String) {
        let parts = image.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let suites = Self.suites[String(parts[0])] else { return nil }
        let isSlim = parts[0] == "debian" && parts[1].hasSuffix("-slim")
        let release = String(isSlim ? parts[1].dropLast("-slim".count) : parts[1])
        guard let suite = suites[release] ?? suites.values.first(where: { $0 == release }) else { return nil }
        (distribution, self.suite) = (String(parts[0]), suite)
    }

    /// The releases' names, by their numbers.
    private static let suites = [
        "debian": ["11": "bullseye", "12": "bookworm", "13": "trixie"],
        "ubuntu": ["22.04": "jammy", "24.04": "noble"],
    ]

    /// The names of images that are known, for people.
    package static let known = suites.sorted { $0.key < $1.key }.flatMap { distribution, suites in
        suites.sorted { $0.key < $1.key }.map { "\(distribution):\(distribution == "debian" ? $0.value : $0.key)" }
    }

    /// The base of an image that names none: the Dockerfile's.
    package static let standard: BaseRelease = {
        let dockerfile = BuildContext.embedded.first { $0.path == "docker/Dockerfile" }
        let lines = String(decoding: dockerfile?.bytes ?? [], as: UTF8.self).split(separator: "\n")
        let argument = "ARG BASE_IMAGE="
        guard let name = lines.first(where: { $0.hasPrefix(argument) })?.dropFirst(argument.count),
            let release = BaseRelease(String(name))
        else { preconditionFailure("docker/Dockerfile has a base that is known") }
        return release
    }()
}
