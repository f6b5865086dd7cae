package import Foundation

extension DockerCluster: NodeEnds {
    package func endDates() async throws -> [String: Date] {
        let format = "{{index .Config.Labels \"\(DockerLabel.node)\"}} {{.State.Running}} {{.State.FinishedAt}}"
        let containers = try await engine.records(.containers, of: summary.id).filter(\.isNode).map(\.id)
        guard !containers.isEmpty else { throw lost }
        return try await engine.lines(["inspect", "--type", "container", "--format", format] + containers)
            .reduce(into: [:]) { dates, line in
                let words = line.split(separator: " ")
                guard words.count == 3, words[1] == "false" else { return }
                dates[String(words[0])] = Self.date(words[2])
            }
    }

    /// The engine has nanoseconds, which Foundation does not read.
    private static func date(_ text: Substring) -> Date? {
        let parts = text.dropLast().split(separator: ".")
        guard let seconds = parts.first, let date = try? Date(seconds + "Z", strategy: .iso8601) else { return nil }
        return date + (parts.count == 2 ? Double("0." + parts[1]) ?? 0 : 0)
    }
}
