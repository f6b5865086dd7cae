import Testing

@testable import ClusterEmulation

/// The number that the shell of a command tells of itself, among all that is printed.
@Suite struct SessionLeaderTests {
    /// The number, and what is left.
    private static func told(_ printed: String) -> [String]? {
        guard let found = RemoteCommand.leader(in: Array(printed.utf8), behind: "mark") else { return nil }
        return [found.number, String(decoding: found.rest, as: UTF8.self)]
    }

    @Test func itIsTakenOutOfWhatIsPrinted() {
        #expect(Self.told("mark 4242\n") == ["4242", ""])
        #expect(Self.told("noise\nmark 4242\nmore\n") == ["4242", "noise\nmore\n"])
        #expect(Self.told("mark 0042\nmark 43\n") == ["42", "mark 43\n"])
    }

    @Test func aLineIsWaitedForUntilItIsWhole() {
        for printed in ["", "noise\n", "mar", "mark 42", "mark x\nmark 42"] { #expect(Self.told(printed) == nil) }
    }

    @Test func whatIsNoProcessesNumberIsPassedOver() {
        let words = [
            "", "0", "00", "1", "-1", "+2", " 2", "2 3", "2;x", "2\r", "2\0", "0x10", "\u{662}", "12345678901",
        ]
        for word in words {
            #expect(Self.told("mark \(word)\n") == nil, "\(word.debugDescription)")
            let rest = "mark \(word)\nmore"
            #expect(Self.told("mark \(word)\nmark 4242\nmore") == ["4242", rest], "\(word.debugDescription)")
        }
    }
}
