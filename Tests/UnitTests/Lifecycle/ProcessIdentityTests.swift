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

    @Test(arguments: ["", "x", "12 34", "a b c"]) func otherTextIsNoIdentity(text: String) {
        #expect(ProcessIdentity(text: text) == nil)
    }
}
