/// What is to be reached: a time of one contender, divided by the same time of another, is to be at most a limit.
struct Bar {
    let step: Step
    let contender: String
    let other: String
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

    /// The row of a table: what is compared, the ratio, the limit, and whether it is met; nil if either is missing.
    func row(_ median: (String, Step) -> Double?) -> [String]? {
        guard let time = median(contender, step), let otherTime = median(other, step) else { return nil }
        let ratio = time / otherTime
        return [
            "\(step): \(contender) / \(other)", Table.cell(ratio, digits: 2), Table.cell(limit, digits: 2),
            ratio <= limit ? "met" : "missed",
        ]
    }
}
