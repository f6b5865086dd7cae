import ClusterEmulation
import Testing

@Suite struct TemporaryPlaceTests {
    @Test(arguments: [
        (nil, "/tmp"), ("", "/tmp"), ("/", "/"), ("/var/tmp", "/var/tmp"), ("/var/tmp///", "/var/tmp"),
        ("/with space/ü", "/with space/ü"),
    ])
    func whatTMPDIRNamesIsUsed(wish: String?, folder: String) {
        let place = TemporaryPlace(wish)
        #expect(place.folder == folder)
        #expect(place.objection == nil)
    }

    @Test(arguments: [
        ("relative", "is not absolute"), ("/" + String(repeating: "x", count: 55), "more than 55 bytes"),
        ("/a\nb", "characters"), ("/a'b", "characters"), ("/a\"b", "characters"), ("/a:b", "characters"),
        ("/a,b", "characters"), ("/a\\b", "characters"), ("/a\u{1b}b", "characters"),
    ])
    func whatWouldBreakAFileOrALineIsNot(wish: String, reason: String) throws {
        let place = TemporaryPlace(wish)
        #expect(place.folder == "/tmp")
        #expect(try #require(place.objection).contains(reason))
    }
}
