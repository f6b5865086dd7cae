#if os(Linux)
import Foundation
import Glibc

/// The way from a cluster's network to this machine's: slirp4netns, a network stack in a process of its own, which speaks
/// for the nodes as an ordinary program would. It changes nothing of this machine's network and needs no rights.
package struct Outside: Sendable {
    private let program: String

    /// - Throws: ``ClusterError`` if slirp4netns is not on this machine.
    package init() throws {
        guard let program = ProgramPath.find("slirp4netns") else {
            throw ClusterError(
                .missingProgram,
                "The nodes can't reach the outside: slirp4netns, which would take them there, is not on this machine.",
                remedy: "Install it (apt-get install slirp4netns), or leave out `outside`.")
        }
        self.program = program
        guard access("/dev/net/tun", R_OK | W_OK) == 0 else {
            throw ClusterError(
                .provisioningFailed,
                "The nodes can't reach the outside: /dev/net/tun, which slirp4netns needs, can't be opened: \(String(cString: strerror(errno))).",
                remedy: "Run `sudo modprobe tun && sudo chmod 666 /dev/net/tun`, or leave out `outside`.")
        }
    }

    /// Its command line, which the path of the cluster's network namespace is going to be put into. Of this machine's own
    /// loopback nothing is reached.
    func words(_ subnet: Subnet) -> [String] {
        [
            program, "--cidr=\(subnet)", "--disable-host-loopback", "--enable-sandbox", "--enable-seccomp",
            "--ready-fd=3", "--netns-type=path", "tap",
        ]
    }
}
#endif
