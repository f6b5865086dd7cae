/// What is to be reached: a time of one contender, divided by a time of another if one is named, is to be at most a limit.
struct Bar {
    let step: Step
    let contender: String
    /// Whose time it is divided by; nil leaves it as it is, in seconds.
    var other: String?
    /// Which of the other's times; nil is the same.
    var otherStep: Step?
    let limit: Double

    static let all =
        [
            Bar(step: .banners, contender: "namespaces", other: "bare sshd", limit: 1.2),
            Bar(step: .ready, contender: "namespaces", other: "bare sshd", limit: 0.6),
            Bar(step: .banners, contender: "namespaces", other: "Mininet", limit: 0.25),
            Bar(step: .teardown, contender: "namespaces", other: "Mininet", limit: 0.1),
        ]
        + ["docker run", "docker run, own network", "testcontainers-python", "docker compose"].map {
            Bar(step: .ready, contender: "docker", other: $0, limit: 1)
        }

    /// The first job of a cluster with Slurm. The second way of composing is nobody's yet: it is shown, and no bar.
    static let firstJob = [
        Bar(step: .job, contender: "docker", other: "docker compose, looks each 2 s", limit: 1.0 / 3),
        Bar(step: .job, contender: "namespaces", other: "docker compose, looks each 2 s", limit: 0.1),
        Bar(step: .job, contender: "docker", other: "docker compose, looks each 0.1 s", limit: .infinity),
        Bar(step: .job, contender: "namespaces", other: "docker compose, looks each 0.1 s", limit: .infinity),
    ]

    /// Slurm on a login node and three that compute.
    static let slurm = [
        Bar(step: .services, contender: "namespaces", other: "namespaces, nodes alone", otherStep: .ready, limit: 3),
        Bar(step: .services, contender: "namespaces", limit: 1.5),
        Bar(step: .batch, contender: "namespaces", limit: 1.5),
    ]

    /// A cluster as new, and one that was started ahead.
    static let again = [
        Bar(step: .resetBanners, contender: "namespaces", other: "namespaces", otherStep: .ready, limit: 0.25),
        Bar(step: .resetBanners, contender: "docker", other: "docker", otherStep: .ready, limit: 0.5),
        Bar(step: .reset, contender: "docker", other: "testcontainers-python", limit: 1),
        Bar(step: .lease, contender: "namespaces", limit: 0.01),
        Bar(step: .lease, contender: "docker", limit: 0.01),
    ]

    /// A table of those of which both times are known.
    static func print(_ bars: [Bar], _ medians: Medians, under title: String) {
        let rows = bars.compactMap { $0.row(medians) }
        if rows.isEmpty { return }
        var table = Table("", "is", "at most", "")
        for row in rows { table.add(row) }
        table.print(under: title)
    }

    /// The row of a table: what is compared, the ratio, the limit, and whether it is met; nil if either is missing.
    private func row(_ medians: Medians) -> [String]? {
        guard var time = medians[contender, step] else { return nil }
        var words = "\(step): \(contender)"
        if let other {
            guard let otherTime = medians[other, otherStep ?? step] else { return nil }
            time /= otherTime
            words += " / \(otherStep.map { "\($0): " } ?? "")\(other)"
        }
        let isBar = limit.isFinite
        return [
            words, Table.cell(time, digits: 2), isBar ? Table.cell(limit, digits: 2) : "-",
            isBar ? (time <= limit ? "met" : "missed") : "",
        ]
    }
}
