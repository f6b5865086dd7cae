import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Authorities that this machine's administrator trusts, such as a TLS-inspecting proxy's: without them nothing can be
/// fetched while an image is made.
package enum CertificateAuthorities {
    /// The `.crt` files of Debian's and Ubuntu's place for them, where only root can have put them.
    ///
    /// - Parameters:
    ///   - folder: The place.
    ///   - owner: Whose the files have to be: root.
    ///   - say: Is told of a file that is passed over, and why.
    /// - Returns: The files as an image takes them over.
    package static func ofThisMachine(
        in folder: String = "/usr/local/share/ca-certificates", owner: UInt32 = 0,
        say: (String) -> Void = { Progress.say($0) }
    ) -> [BuildContext.File] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".crt") }.sorted().compactMap { name in
            let path = "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
                say("images do without the certificate authority \(path), which can't be read")
                return nil
            }
            guard status.st_uid == owner, status.st_mode & 0o022 == 0 else {
                say("images do without the certificate authority \(path), which others than root can change")
                return nil
            }
            return BuildContext.File(path: "docker/ca-certificates/\(name)", bytes: Array(data))
        }
    }
}
