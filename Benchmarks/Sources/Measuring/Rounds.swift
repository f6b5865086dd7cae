/// The contenders in turn, again and again: what disturbs the machine for a while disturbs all of them.
enum Rounds {
    /// Those who can take part, each after one round that doesn't count: images are made, caches are filled. And those who
    /// can't, with the reason.
    static func able(_ contenders: [any Contender]) async -> (able: [any Contender], missing: [Missing]) {
        var able: [any Contender] = []
        var missing: [Missing] = []
        for contender in contenders {
            if let reason = contender.whyNot() {
                missing.append(Missing(contender: contender.name, reason: reason))
                continue
            }
            do {
                _ = try await contender.round(nodes: 1)
                able.append(contender)
            } catch {
                missing.append(Missing(contender: contender.name, reason: "\(error)"))
            }
        }
        return (able, missing)
    }

    /// All samples; a contender that fails at this number of nodes is left out from then on, and it is said.
    static func run(_ contenders: [any Contender], nodes: Int, runs: Int) async -> [Sample] {
        var remaining = contenders
        var samples: [Sample] = []
        for _ in 0..<runs {
            for contender in remaining {
                do {
                    samples.append(Sample(contender.name, nodes: nodes, try await contender.round(nodes: nodes)))
                } catch {
                    // A program's last line says why.
                    let lines = "\(error)".split(separator: "\n")
                    let cause = lines.count > 1 ? "\(lines[0]) … \(lines[lines.count - 1])" : "\(error)"
                    Console.say("left out at \(nodes) nodes: \(contender.name): \(cause)")
                    remaining.removeAll { $0 === contender }
                }
            }
        }
        return samples
    }
}
