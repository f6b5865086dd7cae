import ClusterEmulation
import Foundation
import Subprocess

/// A real engine behind a relay that can stop passing anything on: an engine that stops answering half-way.
package struct HangingEngine: Sendable {
    /// The relay's address, as in `DOCKER_HOST`.
    package let host: String
    private let stopFile: String

    /// What was held up passes the relay, and everything after it.
    package func answerAgain() throws { try FileManager.default.removeItem(atPath: stopFile) }

    /// Runs a closure with an engine that stops by itself as soon as a request has a text in it, if one is given.
    ///
    /// - Parameters:
    ///   - pattern: The text.
    ///   - dying: Whether it is gone then, socket and all, as an engine that was killed, and never answers again.
    ///   - body: The closure.
    /// - Returns: What the closure returns.
    /// - Throws: What the closure throws; ``ClusterError`` if the relay can't be started.
    package static func with<Result: Sendable>(
        stoppingAt pattern: String?, dying: Bool = false,
        _ body: @escaping @Sendable (HangingEngine) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let socket = folder + "/engine.sock"
            let engine = HangingEngine(host: "unix://" + socket, stopFile: folder + "/stop")
            let arguments = [
                "-u", "-c", relay, socket, try await realSocket(), engine.stopFile, pattern ?? "", dying ? "dying" : "",
            ]
            let result = try await Subprocess.run(
                .name("python3"), arguments: Arguments(arguments), input: .none, output: .sequence, error: .discarded
            ) { execution -> Result in
                for try await line in execution.standardOutput.strings() where line == "listening" {
                    let result: Swift.Result<Result, any Error>
                    do { result = .success(try await body(engine)) } catch { result = .failure(error) }
                    try execution.send(signal: .kill)
                    return try result.get()
                }
                throw ClusterError(.missingProgram, "The relay in front of the engine could not be started.")
            }
            return result.closureResult
        }
    }

    /// The socket that the `docker` command uses here.
    private static func realSocket() async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let host: String
        if let variable = environment["DOCKER_HOST"] {
            host = variable
        } else {
            host = try await Command("docker", ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
                .output()
                .standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard host.hasPrefix("unix://") else {
            throw ClusterError(.backendUnavailable, "The relay needs an engine on a socket, not at \(host).")
        }
        return String(host.dropFirst("unix://".count))
    }

    private static let relay = #"""
        import os, socket, sys, threading, time
        listening, engine, stop_file, pattern, dying = sys.argv[1:6]
        server = socket.socket(socket.AF_UNIX)
        server.bind(listening)
        server.listen(64)
        print("listening")
        def pump(source, target, is_request):
            while data := source.recv(65536):
                if is_request and pattern and pattern.encode() in data:
                    if dying:
                        os.unlink(listening)
                        os._exit(0)
                    open(stop_file, "w").close()
                while os.path.exists(stop_file):
                    time.sleep(0.02)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        while True:
            client, _ = server.accept()
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(engine)
            for source, target, is_request in [(client, upstream, True), (upstream, client, False)]:
                threading.Thread(target=pump, args=(source, target, is_request), daemon=True).start()
        """#
}
