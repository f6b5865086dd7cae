#if os(Linux)
import CNamespaces
import Foundation
import Glibc

/// What decides whether an ordinary user may have users of a cluster's own.
package struct UserNamespaceFacts: Sendable {
    package var name: String
    package var userID: UInt32
    package var subordinateUsers: String
    package var subordinateGroups: String
    package var hasMapper: Bool
    /// What the kernel's switches say: Debian's, the number of namespaces, AppArmor's.
    package var isSwitchedOff: Bool
    package var maximum: Int
    package var isRestrictedByAppArmor: Bool
    /// The errno of an attempt, 0 if it went well.
    package var attempt: Int32

    package init(
        name: String, userID: UInt32, subordinateUsers: String, subordinateGroups: String, hasMapper: Bool,
        isSwitchedOff: Bool, maximum: Int, isRestrictedByAppArmor: Bool, attempt: Int32
    ) {
        self.name = name
        self.userID = userID
        self.subordinateUsers = subordinateUsers
        self.subordinateGroups = subordinateGroups
        self.hasMapper = hasMapper
        self.isSwitchedOff = isSwitchedOff
        self.maximum = maximum
        self.isRestrictedByAppArmor = isRestrictedByAppArmor
        self.attempt = attempt
    }

    /// Those of this machine and this user.
    static var current: UserNamespaceFacts {
        func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        func number(_ path: String) -> Int? {
            Int(text("/proc/sys/" + path).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return UserNamespaceFacts(
            name: NSUserName(), userID: geteuid(), subordinateUsers: text("/etc/subuid"),
            subordinateGroups: text("/etc/subgid"),
            hasMapper: ["newuidmap", "newgidmap"].allSatisfy { ProgramPath.find($0) != nil },
            isSwitchedOff: number("kernel/unprivileged_userns_clone") == 0,
            maximum: number("user/max_user_namespaces") ?? .max,
            isRestrictedByAppArmor: number("kernel/apparmor_restrict_unprivileged_userns") == 1,
            attempt: ns_try(1))
    }

    /// The first requirement that is not met, and what meets it; nil if there is none.
    package var missing: (reason: String, remedy: String)? {
        if isSwitchedOff {
            return (
                "unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone is 0).",
                "Run `sudo sysctl kernel.unprivileged_userns_clone=1`, or the tests as root."
            )
        }
        if maximum == 0 {
            return (
                "no user namespaces are allowed (user.max_user_namespaces is 0).",
                "Run `sudo sysctl user.max_user_namespaces=10000`, or the tests as root."
            )
        }
        if attempt != 0, isRestrictedByAppArmor {
            return (
                "AppArmor keeps unprivileged user namespaces from working (kernel.apparmor_restrict_unprivileged_userns is 1).",
                "Run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or the tests as root."
            )
        }
        if attempt != 0 {
            return (
                "user namespaces can't be made here (\(String(cString: strerror(attempt)))), as in most containers.",
                "Run the tests as root, or outside a container."
            )
        }
        if !hasMapper {
            return (
                "newuidmap and newgidmap are not on this machine.",
                "Run `sudo apt-get install uidmap`, or the tests as root."
            )
        }
        for (file, text) in [("/etc/subuid", subordinateUsers), ("/etc/subgid", subordinateGroups)] {
            guard let range = Self.range(in: text, name: name, userID: userID), range.count >= Self.needed else {
                return (
                    "\(file) sets no \(Self.needed) numbers aside for the user \(name).",
                    "Run `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(name)`, or the tests as root."
                )
            }
        }
        return nil
    }

    /// The system's own users and `nobody` (65534) have to be in it.
    private static let needed = 65535

    /// The first range of a user, who is named or numbered (subuid(5)).
    static func range(in text: String, name: String, userID: UInt32) -> (first: UInt32, count: UInt32)? {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":")
            guard fields.count == 3, fields[0] == name || fields[0] == "\(userID)", let first = UInt32(fields[1]),
                let count = UInt32(fields[2])
            else { continue }
            return (first, count)
        }
        return nil
    }
}
#endif
