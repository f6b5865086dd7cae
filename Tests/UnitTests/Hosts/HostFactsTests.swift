import Testing

@testable import ClusterEmulation

/// What is said of a machine that is taken: its root can say anything in the shell's place.
@Suite struct HostFactsTests {
    private static let folder = "/tmp/cf-0123456789"

    private static func facts(_ told: String) -> HostLease.Facts? {
        HostLease.Facts(told, folder: folder, remains: ["a dead one"])
    }

    private static func isRead(_ told: String) -> Bool { facts(told) != nil }

    @Test func theFolderAndTheAddressesAreRead() throws {
        let facts = try #require(Self.facts("\(Self.folder) 192.0.2.7 2001:db8::7 4242"))
        #expect(facts.folder == Self.folder && facts.remains == ["a dead one"])
        #expect(facts.client == "192.0.2.7" && facts.server == "2001:db8::7")
    }

    @Test(arguments: ["-", "fe80::1%eth0"]) func whatLeadsNowhereFromHereIsNotKnown(word: String) throws {
        let facts = try #require(Self.facts("\(Self.folder) \(word) \(word) 4242"))
        #expect(facts.client == nil && facts.server == nil)
    }

    @Test func whatIsNoAddressIsRefused() {
        let words = [
            "*", "!x", "a,b", "192.0.2.7,*", "192.0.2.*", "192.0.2.7\t192.0.2.8", "192.0.2.7\0*", "::1\u{a0}*",
            "192.0.2", "node1", "[::1]", "*%eth0", "%eth0", "--",
        ]
        for word in words {
            #expect(!Self.isRead("\(Self.folder) \(word) - 4242"), "\(word.debugDescription)")
            #expect(!Self.isRead("\(Self.folder) - \(word) 4242"), "\(word.debugDescription)")
        }
    }

    @Test func anotherFolderAndOtherWordsAreRefused() {
        #expect(Self.isRead("\(Self.folder) - - 4242"))
        let lines = [
            "/tmp/cf-0123456780 - - 4242", "/etc - - 4242", "\(Self.folder)/ - - 4242", "/tmp/.\(Self.folder) - - 4242",
            "\(Self.folder) - -", "\(Self.folder) - - 4242 *", "- - 4242", "",
        ]
        for line in lines { #expect(!Self.isRead(line), "\(line)") }
    }
}
