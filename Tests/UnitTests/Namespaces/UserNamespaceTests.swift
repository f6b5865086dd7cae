#if os(Linux)
import ClusterEmulation
import Testing

/// Which requirement of an ordinary user's clusters is missing, and what is said of it.
@Suite struct UserNamespaceTests {
    private static let fine = UserNamespaceFacts(
        name: "ada", userID: 1000, subordinateUsers: "bob:100000:65536\nada:165536:65536\n",
        subordinateGroups: "1000:165536:65536\n", hasMapper: true, isSwitchedOff: false, maximum: 10000,
        isRestrictedByAppArmor: false, attempt: 0)

    @Test func nothingIsMissingWhereAllIsThere() {
        #expect(Self.fine.missing == nil)
        // A profile may let this program through all the same: what counts is the attempt.
        var profiled = Self.fine
        profiled.isRestrictedByAppArmor = true
        #expect(profiled.missing == nil)
    }

    struct Lack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout UserNamespaceFacts) -> Void
        let reason: String
        let remedy: String
    }

    static let lacks = [
        Lack(
            testDescription: "a kernel that is switched off", change: { $0.isSwitchedOff = true },
            reason: "kernel.unprivileged_userns_clone", remedy: "sysctl kernel.unprivileged_userns_clone=1"),
        Lack(
            testDescription: "no namespaces allowed", change: { $0.maximum = 0 },
            reason: "user.max_user_namespaces", remedy: "sysctl user.max_user_namespaces="),
        Lack(
            testDescription: "AppArmor's restriction",
            change: {
                $0.isRestrictedByAppArmor = true
                $0.attempt = 13
            }, reason: "AppArmor", remedy: "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        Lack(
            testDescription: "a container", change: { $0.attempt = 1 }, reason: "Operation not permitted",
            remedy: "outside a container"),
        Lack(
            testDescription: "no newuidmap", change: { $0.hasMapper = false }, reason: "newuidmap",
            remedy: "apt-get install uidmap"),
        Lack(
            testDescription: "no range of users", change: { $0.subordinateUsers = "bob:100000:65536\n" },
            reason: "/etc/subuid sets no", remedy: "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ada"
        ),
        Lack(
            testDescription: "too small a range of groups", change: { $0.subordinateGroups = "ada:165536:1000\n" },
            reason: "/etc/subgid sets no", remedy: "usermod --add-subuids"),
    ]

    @Test(arguments: lacks) func whatIsMissingIsNamedWithWhatMendsIt(lack: Lack) throws {
        var facts = Self.fine
        lack.change(&facts)
        let missing = try #require(facts.missing)
        #expect(missing.reason.contains(lack.reason))
        #expect(missing.remedy.contains(lack.remedy))
    }
}
#endif
