import Foundation

/// The tests that ran on a cluster, as CI systems read them: JUnit's XML.
struct JUnitReport {
    private let evidence: Evidence

    init(_ evidence: Evidence) { self.evidence = evidence }

    var text: String {
        let entries = evidence.chronicle.entries
        var tests = entries.filter { $0.kind == "test" }
        if tests.isEmpty {
            // The work is the test: a closure, or a command of `cluster-fixture run`.
            let issues = entries.filter { $0.kind == "issue" }.compactMap(\.text)
            tests = [
                TimelineEntry(
                    time: 0, until: evidence.chronicle.end, at: TimelineEntry.text(of: evidence.chronicle.beginning),
                    kind: "test", text: evidence.work,
                    trouble: issues.isEmpty ? "It failed." : issues.joined(separator: "\n"))
            ]
        }
        let failures = tests.count(where: \.failed)
        let time = seconds(evidence.chronicle.end)
        let counts = "tests=\"\(tests.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"0\" time=\"\(time)\""
        let name = attribute("cluster \(evidence.cluster)")
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name=\(name) tests="\(tests.count)" failures="\(failures)" errors="0" time="\(time)">
              <testsuite name=\(name) \(counts) timestamp="\(timestamp)">
                <properties>
                  <property name="cluster.id" value=\(attribute(evidence.id))/>
                  <property name="cluster.backend" value=\(attribute(evidence.backend))/>
                  <property name="cluster.nodes" value="\(evidence.nodes.count)"/>
                </properties>
            \(tests.map(testCase).joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }

    private func testCase(_ test: TimelineEntry) -> String {
        let place = attribute(test.place.map(Self.className) ?? "cluster.\(evidence.cluster)")
        let time = seconds((test.until ?? evidence.chronicle.end) - test.time)
        let head = "    <testcase name=\(attribute(test.text ?? "")) classname=\(place) time=\"\(time)\""
        guard test.failed else { return head + "/>" }
        let trouble = test.trouble ?? "exit code \(test.exitCode ?? 0)"
        let first = trouble.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        return """
            \(head)>
                  <failure message=\(attribute(first)) type="failure">\(escaped(trouble + "\n" + standing(test)))</failure>
                </testcase>
            """
    }

    /// What was broken when a test failed: whoever reads CI's report has no page at hand.
    private func standing(_ test: TimelineEntry) -> String {
        let spans: Set<String> = ["fault", "down", "frozen"]
        let end = test.until ?? evidence.chronicle.end
        return evidence.chronicle.entries.filter { entry in
            spans.contains(entry.kind) && entry.time <= end && (entry.until ?? .infinity) >= end
        }.map { entry in
            let place = entry.nodes.map { $0.joined(separator: ", ") } ?? "the cluster"
            let what = [entry.kind == "fault" ? nil : entry.kind, entry.text].compactMap(\.self).joined(separator: ", ")
            return "\(place): \(what), since \(seconds(entry.time)) s"
        }.joined(separator: "\n")
    }

    private var timestamp: String {
        String(evidence.chronicle.beginning.formatted(.iso8601).dropLast())
    }

    /// `Module/File.swift` as class names are written.
    private static func className(_ place: String) -> String {
        (place.hasSuffix(".swift") ? String(place.dropLast(6)) : place).replacing("/", with: ".")
    }

    private func seconds(_ time: Double) -> String { String(format: "%.3f", max(0, time)) }

    private func attribute(_ text: String) -> String {
        "\"" + escaped(text).replacingSigns("\"\n") { $0 == "\n" ? "&#10;" : "&quot;" } + "\""
    }

    /// Without what XML 1.0 can't have at all.
    private func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 9, 10, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: result.append(scalar)
            case 13: break
            default: result.append("\u{FFFD}")
            }
        }
        // By scalars, as programs read it: `<` with an accent behind it is another character to Swift.
        return String(result).replacingSigns("&<>") { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : "&gt;" }
    }
}
