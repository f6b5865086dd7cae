import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct WorkspaceTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func foldersAndFilesAreTheOwnersAlone() throws {
        let workspace = Workspace(cluster: .random())
        try workspace.create(for: "docker")
        defer { try? workspace.remove() }
        #expect(try mode(workspace.folder) == 0o700)
        #expect(try mode(workspace.keysFolder) == 0o700)
        try Workspace.write("x", to: workspace.configurationFile)
        #expect(try mode(workspace.configurationFile) == 0o600)
        #expect(throws: ClusterError.self) { try workspace.create(for: "docker") }
        try workspace.remove()
        try workspace.remove()
        #expect(!FileManager.default.fileExists(atPath: workspace.folder))
    }

    @Test func socketPathsFitIntoASocketAddress() {
        let longest = Workspace(cluster: .random()).socketFolder + "/ubuntu@node1000" + ".0123456789abcdef"
        #expect(longest.utf8.count < 104)
    }
}
