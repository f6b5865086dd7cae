import ArgumentParser
import ClusterEmulation
import Foundation

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what this machine can do, what is missing, and the command that installs it.",
        discussion: """
            The exit code is 0 if clusters can be started here, and 69 if not.

            EXAMPLE:
              cluster-fixture doctor --json | jq '.[] | select(.ok | not)'
            """)

    @Flag(help: "Print the findings as a JSON list.")
    var json = false

    func run() async throws {
        let findings = await Examination.all()
        if json {
            Console.result(jsonText(findings))
        } else {
            for finding in findings {
                Console.result(
                    "\(finding.ok ? "ok     " : finding.isNeeded ? "MISSING" : "none   ")  \(finding.name): \(finding.detail)"
                )
                if let remedy = finding.remedy { Console.result("         \(remedy)") }
            }
        }
        if findings.contains(where: { $0.isNeeded && !$0.ok }) { Foundation.exit(69) }
    }
}
