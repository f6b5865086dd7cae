import Foundation
import Testing

@testable import ClusterEmulation

/// What processes have noted, put together.
struct ChronicleTests {
    private func chronicle(
        _ timeline: Timeline, file: [TimelineEntry] = [], ends: [String: Date?] = [:], secrets: Secrets = Secrets()
    ) -> Chronicle {
        Chronicle(timeline, file: file, ends: ends, nodes: ["node1", "node2", "node3"], secrets: secrets)
    }

    @Test func whatBeganAndEndedIsOneEntryThatLasts() throws {
        let timeline = Timeline()
        let fault = timeline.beginFault("node1 | node2, node3")
        timeline.note(.killed, node: "node3")
        timeline.note(.ended, node: "node3", "exit code 137")
        timeline.note(.paused, node: "node2")
        timeline.endFault(fault)
        timeline.note(.started, node: "node3")
        let entries = chronicle(timeline).entries
        #expect(
            entries.map(\.kind).sorted() == ["down", "ended", "fault", "frozen", "killed", "paused", "started"])
        let partition = try #require(entries.first { $0.kind == "fault" })
        #expect(partition.nodes == ["node1", "node2", "node3"])
        #expect(try #require(partition.until) > partition.time)
        let down = try #require(entries.first { $0.kind == "down" })
        #expect(down.nodes == ["node3"])
        #expect(down.text == "killed")
        #expect(down.until == entries.first { $0.kind == "started" }?.time)
        #expect(try #require(entries.first { $0.kind == "frozen" }).until == nil)
    }

    @Test func whoeverMendsSomethingNeedNotHaveBrokenIt() throws {
        let timeline = Timeline()
        _ = timeline.beginFault("ssh: it refuses logins", node: "node1")
        _ = timeline.beginFault("disk: it is full", node: "node1")
        _ = timeline.beginFault("ssh: it refuses logins", node: "node2")
        _ = timeline.beginFault("network: node1 | node2, node3")
        func open() -> [String?] { chronicle(timeline).entries.filter { $0.until == nil }.map(\.text) }
        timeline.note(.healed, node: "node1", "ssh")
        #expect(open() == ["disk: it is full", "ssh: it refuses logins", "network: node1 | node2, node3"])
        timeline.note(.healed, "network")
        #expect(open() == ["disk: it is full", "ssh: it refuses logins"])
        timeline.note(.healed, node: "node2")
        #expect(open() == ["disk: it is full"])
        timeline.note(.healed)
        #expect(open() == [])
    }

    @Test func anEndThatNobodyHasNotedStandsWhereItWas() throws {
        let timeline = Timeline()
        timeline.note(.killed, node: "node1")
        timeline.note(.killed, node: "node2")
        timeline.note(.started, node: "node2")
        // Later than the notes, however long this process was kept waiting.
        let date = timeline.date + 3600.25
        let entries = chronicle(timeline, ends: ["node1": date, "node2": date + 1, "node3": nil]).entries
        let ended = entries.filter { $0.kind == "ended" }
        #expect(ended.map(\.nodes) == [["node3"], ["node2"]] || ended.map(\.nodes) == [["node2"], ["node3"]])
        #expect(ended.first { $0.nodes == ["node2"] }?.time == 3601.25)
    }

    @Test func whatGoesOnIsKeptAndOfWhatHasEndedTheLast() {
        let timeline = Timeline()
        let first = timeline.begin(.command, "first", node: "node1")
        for number in 0..<5000 {
            timeline.end(timeline.begin(.command, "\(number)", node: "node1"), exitCode: 0)
        }
        let texts = timeline.activities.map(\.text)
        #expect(texts.first == "first")
        #expect(Array(texts.dropFirst()) == (4000..<5000).map { "\($0)" })
        timeline.end(first, exitCode: 0)
        #expect(timeline.activities.count == 1000)
    }

    @Test func ofLongTextsTheEndsAreKept() throws {
        let timeline = Timeline()
        let number = timeline.begin(.command, String(repeating: "x", count: 100_000), node: "node1")
        let lines = (0..<100_000).map { "line \($0)" }.joined(separator: "\n")
        timeline.end(number, exitCode: 0, output: lines)
        let activity = try #require(timeline.activities.first)
        #expect(activity.text.utf8.count < 1100)
        #expect(activity.output.utf8.count < 2100)
        #expect(activity.output.hasSuffix("\nline 99999"))
    }

    @Test func linesAreReadAsTheyWereWritten() throws {
        let timeline = Timeline()
        timeline.note(.done(.keys))
        _ = timeline.beginFault("it rains", nodes: ["node1", "node2"])
        timeline.end(
            timeline.begin(.command, "echo \"a\nb\"", node: "node1", user: .root), exitCode: 3, output: "é\u{1b}")
        let entries = timeline.entries
        let lines = entries.map(\.line).joined()
        #expect(lines.filter { $0 == "\n" }.count == entries.count)
        #expect(TimelineEntry.all(Data((lines + "{\"half\":").utf8)) == entries)
    }

    @Test func anotherProcessesEventsStandAtTheirTime() throws {
        let (timeline, other) = (Timeline(), Timeline())
        let fault = other.beginFault("full disk", node: "node2")
        other.endFault(fault)
        let late = other.entries.map { entry in
            var entry = entry
            entry.at = TimelineEntry.text(of: timeline.date + 7 + entry.time)
            return entry
        }
        let entries = chronicle(timeline, file: late).entries
        #expect(entries.map(\.kind) == ["fault"])
        #expect(entries[0].nodes == ["node2"])
        #expect(abs(entries[0].time - 7) < 0.01)
    }

    @Test func secretsAreShownNowhere() {
        let timeline = Timeline()
        let secrets = Secrets(environment: ["TOKEN": "hush-hush", "N": "1"], input: "first line\npass phrase\n")
        let number = timeline.begin(.command, "echo $TOKEN", node: "node1", secrets: secrets)
        timeline.end(number, exitCode: 1, output: "hush-hush 1\npass phrase\nkept", complaint: "bad: hush-hush")
        timeline.note(.issue, "it said hush-hush, and s3cret")
        let known = Secrets(words: ["s3cret"])
        let lines = chronicle(timeline, secrets: known).lines
        for word in ["hush-hush", "pass phrase", "s3cret"] { #expect(!lines.contains(word)) }
        #expect(lines.contains("kept"))
        let big = Secrets(environment: [:], input: String(repeating: "secret\n", count: 10_000))
        timeline.end(timeline.begin(.command, "cat", node: "node1", secrets: big), exitCode: 0, output: "secret")
        #expect(!chronicle(timeline).lines.contains("\"secret"))
    }
}
