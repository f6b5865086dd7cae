import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// The report for CI, as a program reads it that others use for that.
@Suite(.requiresBackend, .requiresPythonModule("junitparser"), .timeLimit(.minutes(5))) struct JUnitReportTests {
    /// What the program makes of a report: a line for each test.
    private static let reader = """
        import junitparser, sys
        xml = junitparser.JUnitXml.fromfile(sys.argv[1])
        suites = list(xml)
        print(len(suites), suites[0].tests, suites[0].failures, suites[0].errors, suites[0].time > 0)
        for case in suites[0]:
            kind = "passed" if case.is_passed else type(case.result[0]).__name__
            print(kind, case.classname, case.name, case.time >= 0)
            for failure in case.result:
                print(ascii(failure.message))
                print(ascii(failure.text))
        """

    private func read(_ evidence: Evidence) async throws -> [String] {
        try await withTemporaryFolder { folder in
            try evidence.write(to: OwnFolder(folder))
            let output = try await Command("/usr/bin/python3", ["-c", Self.reader, "\(folder)/junit.xml"]).output()
            #expect(output.succeeded, "\(output.complaint)")
            return output.lines
        }
    }

    @Test func testsAndWhatWasBrokenAreInTheReport() async throws {
        let backend = try #require(try await BackendUnderTest.usable().last)
        try await withCluster(nodes: 2, backend: backend.choice, name: "junit") { cluster in
            let timeline = cluster.timeline
            timeline.end(timeline.begin(.test, "passes", place: "Module/File.swift"))
            let failing = timeline.begin(.test, "fails <\u{301}&\"\u{200D}'> ]]>", place: "Module/File.swift")
            try await cluster[1].kill()
            timeline.end(failing, trouble: "File.swift:3: \u{1b}[31m1 < 2 && \"x\" \u{0}\nsecond line ]]> é")
            let lines = try await read(await cluster.evidence(of: "a suite"))
            #expect(
                Array(lines.prefix(4)) == [
                    "1 2 1 0 True", "passed Module.File passes True",
                    "Failure Module.File fails <\u{301}&\"\u{200D}'> ]]> True",
                    "'File.swift:3: \\ufffd[31m1 < 2 && \"x\" \\ufffd'",
                ])
            #expect(try #require(lines.last).contains("second line ]]> \\xe9\\nnode2: down, killed, since "))
            #expect(lines.count == 5)
        }
    }

    @Test func withoutTestsTheWorkIsTheTest() async throws {
        let backend = try #require(try await BackendUnderTest.usable().last)
        try await withCluster(backend: backend.choice, name: "junit") { cluster in
            cluster.timeline.note(.issue, "it went wrong")
            let lines = try await read(await cluster.evidence(of: "pytest tests/"))
            #expect(
                lines == [
                    "1 1 1 0 True", "Failure cluster.junit pytest tests/ True", "'it went wrong'", "'it went wrong\\n'",
                ])
        }
    }
}
