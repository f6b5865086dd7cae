import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// How what a node sends comes to its place, without a node.
@Suite(.timeLimit(.minutes(2))) struct ArrivalTests {
    /// Runs a script of bash's that gets a folder as `$1`.
    @discardableResult
    private func shell(_ script: String, _ folder: String) async throws -> [String] {
        let output = try await Command("bash", ["-euc", script, "bash", folder]).output()
        try #require(output.succeeded, "\(output.complaint)")
        return output.lines
    }

    /// Copies the folder `tree`, as though a node had sent it.
    ///
    /// - Returns: What is not in its place, and why.
    private func receiveTree(of folder: String, at target: String) async throws -> [String] {
        let tar = try await LocalTar.find()
        let archive = try await tar.pack(nil, in: folder + "/tree").output().output
        let arrival = try Arrival("folder 755 1", at: LocalTarget(target, copying: "tree"))
        let unpacked = try await tar.unpack(arrival.onlyName, into: arrival.folder).output(input: archive)
        #expect(unpacked.succeeded, "\(unpacked.complaint)")
        return arrival.putInPlace(isWhole: true, adoptingFacts: !tar.keepsFoldersOwnMode)
    }

    /// Copies the file `x`, in the same way.
    private func receiveFile(of folder: String, at target: String, isWhole: Bool = true) async throws -> [String] {
        let tar = try await LocalTar.find()
        let archive = try await tar.pack("x", in: folder).output().output
        let arrival = try Arrival("file", at: LocalTarget(target, copying: "x"))
        let unpacked = try await tar.unpack(arrival.onlyName, into: arrival.folder).output(input: archive)
        #expect(unpacked.succeeded, "\(unpacked.complaint)")
        return arrival.putInPlace(isWhole: isWhole, adoptingFacts: false)
    }

    @Test func aTreeOfAnyDepthIsMergedAndNothingIsLeft() async throws {
        try await withTemporaryFolder { folder in
            let deep = String(repeating: "d/", count: 400)
            try await shell(#"mkdir -p "$1/to" "$1/tree/\#(deep)" && echo old >"$1/tree/\#(deep)file""#, folder)
            #expect(try await receiveTree(of: folder, at: folder + "/to") == [])
            try await shell(#"echo new >"$1/tree/\#(deep)file" && touch "$1/to/tree/\#(deep)mine""#, folder)
            #expect(try await receiveTree(of: folder, at: folder + "/to") == [])
            let seen = try await shell(
                #"cat "$1/to/tree/\#(deep)file"; ls "$1/to/tree/\#(deep)"; ls -A "$1/to""#, folder)
            #expect(seen == ["new", "file", "mine", "tree"])
            // What does not come to its place is removed, however deep.
            let arrival = try Arrival("folder 755 1", at: LocalTarget(folder + "/to", copying: "tree"))
            try await shell(#"mkdir -p "$1/\#(deep)locked/in" && chmod 0 "$1/\#(deep)locked""#, arrival.folder)
            arrival.discard()
            #expect(try await shell(#"ls -A "$1/to" && ls -A "$1/to/tree""#, folder) == ["tree", "d"])
        }
    }

    @Test func whatIsInTheWayIsNamedAndTheRestArrives() async throws {
        try await withTemporaryFolder { folder in
            try await shell(
                #"""
                cd "$1" && mkdir -p tree/link tree/file tree/fine to/tree/name outside
                echo new | tee tree/link/a tree/file/a tree/fine/a tree/name
                ln -s ../../outside to/tree/link && echo mine >to/tree/file && mkfifo tree/fine/pipe
                touch -d '2001-02-03 UTC' tree/fine tree
                """#, folder)
            let refusals = try await receiveTree(of: folder, at: folder + "/to")
            #expect(
                refusals.sorted() == [
                    "\(folder)/to/tree/file: what is there is not a folder",
                    "\(folder)/to/tree/link: what is there is a link, which a copied folder does not follow",
                    "\(folder)/to/tree/name: what is there is a folder",
                    "fine/pipe is a named pipe, which is not taken from a node",
                ])
            let seen = try await shell(
                #"""
                cd "$1" && ls -A to outside to/tree to/tree/fine
                cat to/tree/file && stat -c %Y to/tree/fine to/tree
                """#, folder)
            #expect(
                seen == [
                    "outside:", "to:", "tree", "to/tree:", "file", "fine", "link", "name", "to/tree/fine:", "a", "mine",
                    "981158400", "981158400",
                ])
        }
    }

    @Test func modesAreKeptWhereTheyLeaveNothingToTheOwner() async throws {
        try await withTemporaryFolder { folder in
            try await shell(
                #"""
                cd "$1" && mkdir -p tree/locked/deeper to && echo in >tree/locked/deeper/in
                chmod 500 tree/locked/deeper && chmod 555 tree/locked && chmod 511 tree
                """#, folder)
            for _ in 0..<2 {
                #expect(try await receiveTree(of: folder, at: folder + "/to") == [])
                let seen = try await shell(#"cd "$1/to" && ls -A && find * -printf '%p %m\n' | sort"#, folder)
                #expect(
                    seen.prefix(4) == ["tree", "tree 511", "tree/locked 555", "tree/locked/deeper 500"])
            }
            try await shell(#"chmod -R u+w "$1""#, folder)
        }
    }

    @Test func aLinkIsFollowedOnlyWhereTheUserHasNamedIt() async throws {
        try await withTemporaryFolder { folder in
            try await shell(#"cd "$1" && mkdir to && echo new >x && echo mine >file && ln -s ../file to/x"#, folder)
            // Half a file takes nothing's place.
            #expect(try await receiveFile(of: folder, at: folder + "/to", isWhole: false) == [])
            #expect(try await shell(#"cat "$1/to/x"; ls -A "$1/to""#, folder) == ["mine", "x"])
            #expect(try await receiveFile(of: folder, at: folder + "/to") == [])
            #expect(try await shell(#"cat "$1/to/x" "$1/file"; ls -A "$1/to""#, folder) == ["new", "mine", "x"])
            try await shell(#"ln -s file "$1/named""#, folder)
            let target = LocalTarget(folder + "/named", copying: "x")
            // The node gives it the name of what the link leads to.
            #expect(try target.file(for: .file).name == "file")
            let arrival = try Arrival("file", at: target)
            try await shell(#"echo newer >"$1/file""#, arrival.folder)
            #expect(arrival.putInPlace(isWhole: true, adoptingFacts: false) == [])
            #expect(try await shell(#"cat "$1/file"; readlink "$1/named""#, folder) == ["newer", "file"])
        }
    }

    @Test func whatAKilledProcessLeftIsRemovedByTheNextCopy() async throws {
        try await withTemporaryFolder { folder in
            try await shell(
                #"""
                cd "$1" && mkdir -m 700 .cf-0123456789abcdef .cf-0123456789abcdeg .cf-notes .cf-0123456789abcde
                mkdir -p .cf-0123456789abcdef/copy/a/b && chmod 0 .cf-0123456789abcdef/copy/a
                touch .cf-file && ln -s .cf-notes .cf-aaaaaaaaaaaaaaaa && mkdir -m 755 .cf-bbbbbbbbbbbbbbbb
                """#, folder)
            let first = try Arrival("folder 755 1", at: LocalTarget(folder + "/first", copying: "tree"))
            let second = try Arrival("folder 755 1", at: LocalTarget(folder + "/second", copying: "tree"))
            // What a process still needs is not taken for what it has left.
            for arrival in [first, second] { #expect(FileManager.default.fileExists(atPath: arrival.folder)) }
            for arrival in [first, second] { arrival.discard() }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    ".cf-0123456789abcde", ".cf-0123456789abcdeg", ".cf-aaaaaaaaaaaaaaaa", ".cf-bbbbbbbbbbbbbbbb",
                    ".cf-file", ".cf-notes",
                ])
        }
    }
}
