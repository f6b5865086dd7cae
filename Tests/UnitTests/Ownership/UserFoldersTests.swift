import ClusterEmulation
import Testing

/// The rules of the XDG Base Directory Specification.
@Suite struct UserFoldersTests {
    @Test(arguments: [nil, "", "relative/place", "./here", "~/there"])
    func aVariableWithoutAnAbsolutePathCountsAsNotSet(value: String?) {
        var environment = ["HOME": "/home/ada"]
        environment["XDG_STATE_HOME"] = value
        let folder = UserFolders.folder("XDG_STATE_HOME", else: ".local/state", environment: environment)
        #expect(folder == "/home/ada/.local/state/cluster-fixture")
    }

    @Test func anAbsolutePathIsTaken() {
        let folder = UserFolders.folder(
            "XDG_CACHE_HOME", else: ".cache", environment: ["XDG_CACHE_HOME": "/data/cache"])
        #expect(folder == "/data/cache/cluster-fixture")
    }

    @Test(arguments: [nil, "", "relative"]) func aHomeWithoutAnAbsolutePathIsLookedUp(home: String?) {
        var environment: [String: String] = [:]
        environment["HOME"] = home
        #expect(UserFolders.folder("XDG_CACHE_HOME", else: ".cache", environment: environment).hasPrefix("/"))
    }
}
