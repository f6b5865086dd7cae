import ClusterEmulation
import Testing

/// Nothing but ten hexadecimal digits passes for a cluster's id, wherever one is read.
@Suite struct ClusterIDTests {
    @Test(arguments: [
        "", "x/../important", "../../etc", "012345678", "01234567890", "0123456789\n", "012345678\n", "ABCDEF0123",
        "012345678g", "012345678٣", "0123456 89", "-123456789", "123456789.",
    ]) func otherTextIsNotAnID(text: String) {
        #expect(ClusterID(text) == nil)
        #expect(ClusterID(folderName: "cf-" + text) == nil)
        #expect(Workspace(folder: "/tmp/cf-" + text).opened == nil)
    }

    @Test func anIDIsReadBack() {
        let id = ClusterID.random()
        #expect(ClusterID("\(id)") == id)
        #expect(ClusterID(folderName: id.folderName) == id)
        #expect(ClusterID(folderName: "\(id)") == nil)
    }

    @Test(arguments: [
        "", "1 2 host", "1 2 host\n0123456789", "1 2 host\n0123456789\ndocker", "1 2 host\n0123456789\ndocker\nmore\n",
        "1 2 host\n../0123456\ndocker\n", "host\n0123456789\ndocker\n",
    ]) func otherTextIsNotAMark(text: String) {
        #expect(ClusterMark(text: text) == nil)
    }

    @Test func aMarkIsReadBack() {
        let mark = ClusterMark(cluster: .random(), backend: "docker")
        #expect(ClusterMark(text: mark.text) == mark)
    }
}
