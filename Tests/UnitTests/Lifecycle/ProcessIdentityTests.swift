import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

@Suite struct ProcessIdentityTests {
    @Test func thisProcessLives() { #expect(!ProcessIdentity.current.hasEnded) }

    @Test func theTextIsReadBack() { #expect(ProcessIdentity(text: ProcessIdentity.current.text) == .current) }

    @Test func aLaterProcessOfTheSameNumberIsAnother() {
        let current = ProcessIdentity.current
        #expect(ProcessIdentity(machine: current.machine, processID: current.processID, started: "1").hasEnded)
    }

    @Test func aProcessThatEndedHasEnded() async throws {
        let output = try await Command("sh", ["-c", "echo $$"]).output()
        let processID = try #require(Int32(output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(ProcessIdentity(machine: ProcessIdentity.current.machine, processID: processID, started: "1").hasEnded)
    }

    @Test func ofAnotherMachinesProcessesNothingIsKnown() {
        #expect(!ProcessIdentity(machine: "elsewhere", processID: 999_999, started: "1").hasEnded)
    }

    /// Machines of one name may share an engine, as copies of one machine in CI do.
    @Test func aMachineIsToldByItsIDWhichIsNotShown() throws {
        guard let text = try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8) else { return }
        let id = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let last = try #require(ProcessIdentity.current.text.split(separator: " ").last)
        #expect(last.count == 16 && last.allSatisfy(\.isHexDigit))
        #expect(!id.contains(last))
    }

    @Test(arguments: ["", "x", "12 34", "a b c"]) func otherTextIsNoIdentity(text: String) {
        #expect(ProcessIdentity(text: text) == nil)
    }
}
