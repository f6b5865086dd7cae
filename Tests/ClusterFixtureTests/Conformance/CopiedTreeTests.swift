import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What a copy keeps of a tree, on every backend.
@Suite(.requiresBackend, ConformanceClusters(needs: [.root]), .timeLimit(.minutes(5)))
struct CopiedTreeTests {
    /// Everything that a file system can have in a tree, by whoever writes it.
    private static let tree = #"""
        set -e
        mkdir -p "$1/empty/deeper" && cd "$1"
        echo text >file && ln file hard && ln -s file to-file && ln -s nowhere dangling && ln -s empty to-folder && ln -s /etc/passwd absolute
        mkfifo pipe
        truncate -s 32M sparse && printf end >>sparse
        head -c 3000000 /dev/urandom >bytes
        printf x >'st*r[1]?' && printf x >'-rf' && printf x >'back\\nslash' && printf x >"it's" && printf x >' ' && printf x >'.hidden'
        printf x >"$(printf 'new\nline')" && printf x >"$(printf '\377\376')" && printf x >é
        : >nothing
        chmod 0400 bytes && chmod 0777 file && chmod 0711 empty
        mkdir locked && echo in >locked/in && chmod 0555 locked
        touch -d '2001-02-03 04:05:06.789012345 UTC' file empty sparse && touch -h -d '2002-02-02 UTC' dangling
        touch -d '1999-12-31 UTC' .
        """#

    /// Types, modes, times, links, numbers of names, sizes and contents, in an order of their own.
    private static let listing = """
        cd "$1" && find . -printf '%p\\t%y\\t%m\\t%T@\\t%l\\t' \\( -type f -printf '%n\\t%s' -o -true \\) -printf '\\0' | LC_ALL=C sort -z | tr '\\0\\377\\376' '\\n__'
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | cksum
        """

    private static func here(_ script: String, _ folder: String) async throws -> String {
        try await Command("bash", ["-c", script, "bash", folder]).output().standardOutput
    }

    private static func on(_ node: Node, _ script: String, _ folder: String, as user: User) async throws -> String {
        try await node.run(["bash", "-c", script, "bash", folder], as: user).requireSuccess().standardOutput
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]), User.allCases)
    func aTreeArrivesAsItIsAndComesBack(backend: BackendUnderTest, user: User) async throws {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let made = try await Command("bash", ["-c", Self.tree, "bash", folder + "/tree"]).output()
            try #require(made.succeeded, "\(made.complaint)")
            let before = try await Self.here(Self.listing, folder + "/tree")
            try #require(before.split(separator: "\n").count > 20)
            let whole = "whole-\(user)"
            try await node.upload(from: folder + "/tree", to: whole, as: user)
            #expect(try await Self.on(node, Self.listing, whole, as: user) == before)
            let blocks = try await node.run("stat -c %b \(whole)/sparse", as: user).standardOutput
            #expect(try #require(Int(blocks.filter(\.isNumber))) < 2048)
            // Pipes are not taken from a node. Everything else comes, and the pipe is named.
            let error = await #expect(throws: ClusterError.self) {
                try await node.download(from: whole, to: folder + "/back", as: user)
            }
            #expect(error?.message.hasSuffix(": pipe is a named pipe, which is not taken from a node") == true)
            let kept = before.split(separator: "\n").filter { !$0.hasPrefix("./pipe\t") }
            #expect(try await Self.here(Self.listing, folder + "/back").split(separator: "\n") == kept)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["back", "tree"])
            let owner = try await node.run("stat -c %U \(whole)/file", as: user)
            #expect(owner.standardOutput == "\(user)\n")
            // Once more, over what is there.
            try await node.run("chmod u+w \(whole)/locked; rm -rf \(whole)/locked", as: user).requireSuccess()
            try await node.upload(from: folder + "/tree/.", to: whole, as: user)
            #expect(try await node.run("cat \(whole)/locked/in", as: user).standardOutput == "in\n")
            _ = try await Command("chmod", ["-R", "u+w", folder]).output()
        }
    }

    /// A tree on a node, before and after something has changed there.
    private static let again = #"""
        set -e
        mkdir -p "again/two words" again/locked && cd again && chmod u+w locked
        line="two words/$(printf 'new\nline')"
        echo "$1" >file && echo "$1" >"$line" && ln -sfn "$1" link && echo "$1" >"locked/$1" && echo "$1" >"only-$1"
        ln -f file hard && touch -d "$2 UTC" file "two words" && chmod 555 locked && touch -d "$2 UTC" .
        """#

    /// What the second copy leaves of it on this machine.
    private static let merged = """
        cd "$1" && cat file "$(printf 'two words/new\\nline')" hard mine 'two words/mine' locked/first locked/second only-first
        readlink link && stat -c '%a %Y' . 'two words' && stat -c %a locked && stat -c '%Y %h' file && ls -A
        """

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func aSecondCopyBringsWhatIsNewAndLeavesWhatIsTheUsers(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[0]
        func make(_ word: String, _ date: String) async throws {
            try await node.run(["bash", "-c", Self.again, "bash", word, date]).requireSuccess()
        }
        try await withTemporaryFolder { folder in
            let copy = folder + "/again"
            try await make("first", "2001-02-03")
            try await node.download(from: "again", to: folder)
            let change = #"cd "$1" && tee mine "two words/mine" <<<mine && chmod 711 "two words" . && ln file user"#
            _ = try await Self.here(change, copy)
            try await node.run("rm again/only-first").requireSuccess()
            try await make("second", "2005-02-03")
            try await node.download(from: "again", to: folder)
            let seen = try await Self.here(Self.merged, copy).split(separator: "\n")
            let contents = ["second", "second", "second", "mine", "mine", "first", "second", "first"]
            let time = 1_107_388_800
            let facts = ["second", "711 \(time)", "711 \(time)", "555", "\(time) 2"]
            let names = ["file", "hard", "link", "locked", "mine", "only-first", "only-second", "two words", "user"]
            #expect(seen.map(String.init) == contents + facts + names)
            // A file is replaced as a whole: another name that the user has given to it keeps what it had.
            #expect(try String(contentsOfFile: copy + "/user", encoding: .utf8) == "first\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["again"])
            _ = try await Command("chmod", ["-R", "u+w", folder]).output()
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aLinkThatIsNamedIsALink(
        backend: BackendUnderTest
    )
        async throws
    {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let manager = FileManager.default
            try await node.run(
                "mkdir -p links/real; touch links/real/in; ln -sfn nowhere links/dangling; ln -sfn real links/folder"
            )
            .requireSuccess()
            for name in ["dangling", "folder"] {
                try await node.download(from: "links/" + name, to: folder)
                let target = try manager.destinationOfSymbolicLink(atPath: folder + "/" + name)
                #expect(target == (name == "folder" ? "real" : "nowhere"))
                try await node.upload(from: folder + "/" + name, to: "links/back-" + name)
                #expect(try await node.run("readlink links/back-\(name)").standardOutput == target + "\n")
            }
            // With a slash behind it, it is what it leads to.
            try await node.download(from: "links/folder/", to: folder + "/followed")
            #expect(manager.fileExists(atPath: folder + "/followed/in"))
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root]))
    func rightsOfAnOwnerGoToANodeAndDoNotComeFromOne(backend: BackendUnderTest) async throws {
        let node = try backend.cluster[0]
        try await withTemporaryFolder { folder in
            let script =
                "mkdir $1/bits && cd $1/bits && touch set && chmod 6755 set && mkdir sticky && chmod 1777 sticky"
            #expect(try await Command("sh", ["-c", script, "sh", folder]).output().succeeded)
            try await node.upload(from: folder + "/bits", to: "bits")
            #expect(try await node.run("stat -c %a bits/set bits/sticky").lines == ["6755", "1777"])
            try await node.download(from: "bits", to: folder + "/back")
            for (name, mode) in [("set", 0o755), ("sticky", 0o777)] {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/back/" + name)
                #expect(attributes[.posixPermissions] as? Int == mode)
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable(needing: [.root])) func aVirtualEnvironmentCanBeCopied(
        backend: BackendUnderTest
    )
        async throws
    {
        let cluster = try backend.cluster
        try await withTemporaryFolder { folder in
            try await cluster[1].run(
                "python3 -m venv --without-pip env && touch $(echo env/lib/python3.*)/site-packages/mine.py"
            )
            .requireSuccess()
            try await cluster[1].download(from: "env", to: folder)
            try await cluster[2].upload(from: folder + "/env", to: "")
            let result = try await cluster[2].run("env/bin/python -c 'import mine, sys; print(sys.prefix)'")
            let place = try await cluster[2].run("pwd").lines[0]
            #expect(result.standardOutput == place + "/env\n", "\(result.standardError)")
        }
    }
}
