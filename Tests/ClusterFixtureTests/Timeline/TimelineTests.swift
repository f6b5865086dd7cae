import FixtureTestSupport
import Testing

@testable import ClusterEmulation

/// What has happened to a cluster, and who reads it.
@Suite(.timeLimit(.minutes(2))) struct TimelineTests {
    @Test func aStartIsReadOffItsEvents() async throws {
        let timeline = Timeline()
        let listener = try Listener(.keepSilent)
        defer { withExtendedLifetime(listener) {} }
        let backend = FakeBackend(.give([.listening(at: listener.port)]), states: ["node1": .exited(code: 3)])
        await #expect(throws: ClusterError.self) {
            try await Cluster.start(ClusterConfiguration(backend: backend.choice), timeline: timeline)
        }
        let events = timeline.events
        try #require(events.map(\.kind) == [.done(.keys), .done(.nodes), .ended])
        #expect(events.last?.node == "node1")
        #expect(events.last?.detail == "exit code 3")
        #expect(events.map(\.time) == events.map(\.time).sorted())
        let times = StartTimes(events)
        #expect(times[.nodes] == events[1].time)
        #expect(times[.ready] == .zero)
    }

    @Test func everyReaderIsToldOfEveryEventInItsOrder() async throws {
        struct Reader: TimelineReader {
            let heard = Locked<[Event]>([])
            func read(_ event: Event) { heard.withLock { $0.append(event) } }
        }
        let (first, second) = (Reader(), Reader())
        let timeline = Timeline(first, second)
        for number in 0..<100 { timeline.note(.output, "\(number)") }
        for reader in [first, second] { #expect(reader.heard.withLock { $0 } == timeline.events) }
        #expect(timeline.events.map(\.detail) == (0..<100).map { "\($0)" })
    }

    @Test func aPersonIsToldOfWorkAndOfTheStepsOfABuild() {
        let (lines, steps) = (Locked<[String]>([]), Locked<[StartTimes.Step]>([]))
        let progress = Progress { line in
            lines.withLock { $0.append(line) }
        } onDone: { step, _ in
            steps.withLock { $0.append(step) }
        }
        let events: [(milliseconds: Int, kind: Event.Kind, detail: String)] = [
            (10, .work, "building the image"), (20, .output, "Step 1/2 : FROM x"), (30, .output, "chatter"),
            (2000, .output, "#5 [2/3] RUN y"), (4000, .output, "chatter"), (5500, .output, "after a silence"),
            (6000, .done(.image), ""), (7000, .killed, ""),
        ]
        for (time, kind, detail) in events {
            progress.read(Event(time: .milliseconds(time), node: nil, kind: kind, detail: detail))
        }
        let told = [
            "building the image", "  Step 1/2 : FROM x", "  #5 [2/3] RUN y (after 2 s)",
            "  after a silence (after 5 s)",
        ]
        #expect(lines.withLock { $0 } == told)
        #expect(steps.withLock { $0 } == [.image])
    }

    @Test func whatAProgramPrintsIsNotedAndItsLastLinesAreKept() async throws {
        let timeline = Timeline()
        let script = "for i in $(seq 40); do echo $i; done; exit 3"
        let (code, log) = try await timeline.follow(Command("sh", ["-c", script]))
        #expect(code == 3)
        #expect(log == (11...40).map { "\($0)" }.joined(separator: "\n"))
        #expect(timeline.events.map(\.detail) == (1...40).map { "\($0)" })
    }
}
