import ClusterEmulation
package import Foundation
import Subprocess

/// Chromium without a screen, of this machine, as a person would use it. Of the network it sees 127.0.0.1 alone.
///
/// It is told what to do by chromedriver, in the words of WebDriver (W3C).
package struct Browser: Sendable {
    private let session: String

    /// Runs a closure with a browser, and ends the browser after it.
    package static func with<Result: Sendable>(
        _ body: @escaping @Sendable (Browser) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            // What the browser leaves behind is in there, and what it starts is in its group.
            var options = PlatformOptions()
            options.processGroupID = 0
            let ended = try await Subprocess.run(
                .name("chromedriver"), arguments: ["--port=0"], environment: .inherit.updating(["TMPDIR": folder]),
                platformOptions: options, input: .none, output: .sequence, error: .discarded
            ) { driver -> Swift.Result<Result, any Error> in
                await outcome(of: body, told: driver.standardOutput.strings()) {
                    try driver.send(signal: .kill, toProcessGroup: true)
                }
            }
            return try ended.closureResult.get()
        }
    }

    /// Whatever the driver says is read to its end: it would not outlive words that nobody takes.
    private static func outcome<Result: Sendable>(
        of body: @escaping @Sendable (Browser) async throws -> Result,
        told lines: some AsyncSequence<String, any Error> & Sendable, then end: @Sendable () throws -> Void
    ) async -> Swift.Result<Result, any Error> {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        return await withTaskGroup { group in
            group.addTask {
                do {
                    for try await line in lines {
                        let told = line.firstMatch(of: /successfully on port ([0-9]+)/)
                        if let number = told.flatMap({ Int($0.output.1) }) { port.yield(number) }
                    }
                } catch { Progress.say("chromedriver can't be listened to: \(error)") }
                port.finish()
            }
            let result: Swift.Result<Result, any Error>
            do {
                guard let port = await ports.first(where: { _ in true }) else {
                    throw Complaint(description: "chromedriver has ended")
                }
                result = .success(try await use(try await Browser(driver: port), body))
            } catch { result = .failure(error) }
            do { try end() } catch { return .failure(error) }
            await group.waitForAll()
            return result
        }
    }

    private static func use<Result: Sendable>(
        _ browser: Browser, _ body: @Sendable (Browser) async throws -> Result
    ) async throws -> Result {
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(browser)) } catch { result = .failure(error) }
        try await browser.end()
        return try result.get()
    }

    private init(driver port: Int) async throws {
        let options = [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,900",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ]
        struct Session: Decodable { let sessionId: String }
        let sessions = "http://127.0.0.1:\(port)/session"
        let made: Session = try await Self.ask(
            "POST", sessions,
            [
                "capabilities": [
                    "alwaysMatch": [
                        "goog:chromeOptions": ["args": options],
                        "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
                    ] as [String: Any]
                ]
            ])
        session = sessions + "/" + made.sessionId
        // How long it looks for an element, and how long a script may take, in milliseconds.
        try await tell("timeouts", ["implicit": 60000, "script": 60000])
    }

    private func end() async throws {
        let _: Nothing = try await Self.ask("DELETE", session)
    }

    /// Opens a page and waits until it has loaded.
    package func open(_ address: String) async throws { try await tell("url", ["url": address]) }

    /// Where it is.
    package func address() async throws -> String { try await Self.ask("GET", session + "/url") }

    /// The title of the page.
    package func title() async throws -> String { try await Self.ask("GET", session + "/title") }

    /// Waits until the page has an element.
    ///
    /// - Parameter selector: The element, as CSS selects it.
    /// - Throws: If there is none within a minute.
    package func find(_ selector: String) async throws {
        let _: [String: String] = try await Self.ask(
            "POST", session + "/element", ["using": "css selector", "value": selector])
    }

    /// What a function of JavaScript returns in the page.
    package func evaluate<Value: Decodable>(_ body: String) async throws -> Value {
        try await Self.ask("POST", session + "/execute/sync", ["script": body, "args": [String]()])
    }

    /// Waits until an expression of JavaScript is true in the page.
    package func wait(until condition: String) async throws {
        let script = """
            const told = arguments[0]
            const look = () => { (\(condition)) ? told(true) : setTimeout(look, 20) }
            look()
            """
        let _: Bool = try await Self.ask("POST", session + "/execute/async", ["script": script, "args": [String]()])
    }

    /// What pages have complained of on the console since it was asked last.
    package func complaints() async throws -> [String] { try await logged("browser") }

    /// The addresses that the browser was asked for, by a person or by a page, since it was asked last.
    package func requests() async throws -> [String] {
        try await logged("performance").compactMap { line in
            let event = try JSONDecoder().decode(DevToolsEvent.self, from: Data(line.utf8)).message
            return event.method == "Network.requestWillBeSent" ? event.params.request?.url : nil
        }
    }

    private struct DevToolsEvent: Decodable {
        struct Message: Decodable {
            let method: String
            let params: Parameters
        }
        struct Parameters: Decodable { let request: Request? }
        struct Request: Decodable { let url: String }
        let message: Message
    }

    private func logged(_ kind: String) async throws -> [String] {
        struct Line: Decodable { let message: String }
        let lines: [Line] = try await Self.ask("POST", session + "/se/log", ["type": kind])
        return lines.map(\.message)
    }

    /// Has pages look as for somebody who prefers dark ones, or light ones.
    package func prefer(dark: Bool) async throws {
        let features = [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]]
        try await command("Emulation.setEmulatedMedia", ["features": features])
    }

    /// Gives pages a screen of a size in pixels, such as a phone's.
    package func resize(width: Int, height: Int, isPhone: Bool = false) async throws {
        try await command(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": isPhone ? 2 : 1, "mobile": isPhone])
    }

    private func command(_ name: String, _ parameters: [String: Any]) async throws {
        struct Anything: Decodable {}
        let _: Anything = try await Self.ask(
            "POST", session + "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    /// Takes a picture of the page, as PNG. The folder that `CLUSTER_FIXTURE_ARTEFACTS` names keeps it, if there is such a variable.
    package func screenshot(_ name: String) async throws -> Data {
        let text: String = try await Self.ask("GET", session + "/screenshot")
        guard let picture = Data(base64Encoded: text) else {
            throw Complaint(description: "the picture is not base 64")
        }
        if let folder = ProcessInfo.processInfo.environment["CLUSTER_FIXTURE_ARTEFACTS"], !folder.isEmpty {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try picture.write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
        }
        return picture
    }

    private func tell(_ order: String, _ content: [String: Any]) async throws {
        let _: Nothing = try await Self.ask("POST", "\(session)/\(order)", content)
    }

    private static func ask<Value: Decodable>(
        _ method: String, _ address: String, _ content: [String: Any]? = nil
    ) async throws -> Value {
        // Not URLSession, which can't read this server's headers on Linux.
        let words = ["--silent", "--show-error", "--noproxy", "*", "--request", method, "--data-binary", "@-", address]
        let body = try content.map { Array(try JSONSerialization.data(withJSONObject: $0)) } ?? []
        let output = try await Command("curl", words).output(input: body, limit: .seconds(90))
        guard output.succeeded else { throw Complaint(description: output.complaint) }
        do { return try JSONDecoder().decode(Answer<Value>.self, from: Data(output.standardOutput.utf8)).value } catch {
            throw Complaint(description: output.standardOutput)
        }
    }

    private struct Answer<Value: Decodable>: Decodable { let value: Value }

    /// What an order is answered with, unless it could not be carried out.
    private struct Nothing: Decodable {
        init(from decoder: any Decoder) throws {
            guard try decoder.singleValueContainer().decodeNil() else {
                throw Complaint(description: "the order was not carried out")
            }
        }
    }

    /// What the browser could not do, in its own words.
    private struct Complaint: Error, CustomStringConvertible { let description: String }
}
