import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct WorkspaceTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func foldersAndFilesAreTheOwnersAlone() throws {
        let workspace = Workspace(cluster: "test" + String(Int.random(in: 100_000..<999_999)))
        try workspace.create()
        defer { try? workspace.remove() }
        #expect(try mode(workspace.folder) == 0o700)
        #expect(try mode(workspace.keysFolder) == 0o700)
        try Workspace.write("x", to: workspace.configurationFile)
        #expect(try mode(workspace.configurationFile) == 0o600)
        #expect(throws: ClusterError.self) { try workspace.create() }
        try workspace.remove()
        try workspace.remove()
        #expect(!FileManager.default.fileExists(atPath: workspace.folder))
    }

    @Test func socketPathsFitIntoASocketAddress() {
        let longest = Workspace(cluster: "0123456789").socketFolder + "/ubuntu@node1000" + ".0123456789abcdef"
        #expect(longest.utf8.count < 104)
    }
}
