import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct FingerprintTests {
    private func fingerprint(_ folder: String, target: String? = nil, arguments: [String: String] = [:]) throws
        -> String
    {
        try Fingerprint.of(
            dockerfile: folder + "/Dockerfile", context: folder, target: target, arguments: arguments)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test func onlyAChangeOfInputsChangesIt() async throws {
        try await withTemporaryFolder { folder in
            try write("FROM scratch", folder + "/Dockerfile")
            try write("one", folder + "/file")
            let first = try fingerprint(folder)
            try write("one", folder + "/file")
            #expect(try fingerprint(folder) == first)
            #expect(first.count == 16)

            var seen: Set = [first]
            try write("two", folder + "/file")
            #expect(seen.insert(try fingerprint(folder)).inserted)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/file")
            #expect(seen.insert(try fingerprint(folder)).inserted)
            try FileManager.default.moveItem(atPath: folder + "/file", toPath: folder + "/renamed")
            #expect(seen.insert(try fingerprint(folder)).inserted)
            #expect(seen.insert(try fingerprint(folder, target: "node")).inserted)
            #expect(seen.insert(try fingerprint(folder, arguments: ["BASE_IMAGE": "x"])).inserted)
        }
    }

    @Test func wordsDoNotRunTogether() {
        var left = Fingerprint()
        left.add("ab".utf8)
        left.add("c".utf8)
        var right = Fingerprint()
        right.add("a".utf8)
        right.add("bc".utf8)
        #expect(left.text != right.text)
    }
}
