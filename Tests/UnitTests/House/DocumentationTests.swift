#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// The Swift that people copy from the README, the articles and the comments compiles.
@Suite(.timeLimit(.minutes(2))) struct DocumentationTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let file: String
        let line: Int
        let text: String

        var testDescription: String { "\(file):\(line)" }
    }

    /// The files that have examples, as paths in the checkout.
    private static func files() throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: Checkout.path + "/Sources").sorted()
        return ["README.md"] + names.filter { $0.hasSuffix(".md") || $0.hasSuffix(".swift") }.map { "Sources/" + $0 }
    }

    /// The texts between "```swift" and "```", in comments too.
    static func examples() throws -> [Example] {
        var examples: [Example] = []
        for file in try files() {
            var begun: (line: Int, lines: [String])?
            for (number, line) in try Checkout.text(of: file).components(separatedBy: "\n").enumerated() {
                var line = line
                if file.hasSuffix(".swift") {
                    guard let slashes = line.range(of: #"^ *///? ?"#, options: .regularExpression) else {
                        begun = nil
                        continue
                    }
                    line.removeSubrange(slashes)
                }
                if line == "```swift" {
                    begun = (number + 1, [])
                } else if line == "```" {
                    if let begun {
                        let text = begun.lines.joined(separator: "\n")
                        examples.append(Example(file: file, line: begun.line, text: text))
                    }
                    begun = nil
                } else {
                    begun?.lines.append(line)
                }
            }
        }
        return examples
    }

    @Test func thereAreSome() throws {
        let files = try Set(Self.examples().map(\.file))
        #expect(files.isSuperset(of: ["README.md", "Sources/ClusterFixture/ClusterFixture.swift"]))
        #expect(files.contains { $0.hasSuffix("YourFirstTest.md") })
    }

    @Test(.requiresProgram("swiftc"), arguments: try examples()) func itCompiles(example: Example) async throws {
        try await withTemporaryFolder { folder in
            // What is left out stands as an ellipsis of its own.
            var text = example.text.replacing(/(?<before>^|[ \n])…(?<after>$|[ \n])/) {
                $0.output.before + $0.output.after
            }
            let compiler = URL(fileURLWithPath: try #require(ProgramPath.find("swiftc"))).resolvingSymlinksInPath()
            var options: [String]
            if text.contains(".package(") {
                // A fragment of a Package.swift.
                text = "import PackageDescription\nlet package = Package(name: \"Example\", \(text))"
                let folder = compiler.deletingLastPathComponent().deletingLastPathComponent().path
                options = ["-I", folder + "/lib/swift/pm/ManifestAPI", "-package-description-version", "6.2.0"]
            } else {
                let needed = [("ClusterFixture", ""), ("Testing", "@Test"), ("XCTest", "XCTestCase")]
                for (module, word) in needed where word.isEmpty || text.contains(word) {
                    if !text.contains("import \(module)\n") { text = "import \(module)\n" + text }
                }
                options = ["-swift-version", "6", "-warnings-as-errors"] + Self.modules.flatMap { ["-I", $0] }
            }
            let file = folder + "/example.swift"
            try Workspace.write(text, to: file)
            let output = try await Command("swiftc", ["-typecheck"] + options + [file]).output(limit: .seconds(100))
            #expect(output.succeeded, "\(example.testDescription): \(output.complaint)")
        }
    }

    /// Where the compiler finds the modules that the tests were built with.
    private static let modules: [String] = {
        let products = URL(fileURLWithPath: CommandLineProgram.path).deletingLastPathComponent()
            .resolvingSymlinksInPath()
        let checkouts = products.deletingLastPathComponent().deletingLastPathComponent().path + "/checkouts"
        // SwiftPM writes a map for each of our targets in C; the dependencies bring theirs.
        let folders =
            names(in: products.path).map { products.path + "/" + $0 }
            + names(in: checkouts).map { checkouts + "/" + $0 + "/Sources" }.flatMap { sources in
                names(in: sources).map { sources + "/" + $0 + "/include" }
            }
        return [products.path + "/Modules"]
            + folders.filter { FileManager.default.fileExists(atPath: $0 + "/module.modulemap") }
    }()

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}
#endif
