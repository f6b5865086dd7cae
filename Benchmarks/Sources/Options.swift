/// The words of the command line.
struct Options {
    let scale: Bool
    let slurm: Bool
    let again: Bool
    let nodes: [Int]
    let only: [String]?
    let json: String?
    private let wantedRuns: Int?

    init(_ words: some Sequence<String>) throws {
        var values: [String: String] = [:]
        var (scale, slurm, again) = (false, false, false)
        var words = words.makeIterator()
        while let word = words.next() {
            switch word {
            case "--scale": scale = true
            case "--slurm": slurm = true
            case "--again": again = true
            case "--nodes", "--runs", "--only", "--json":
                guard let value = words.next() else { throw Failure("\(word) wants a value") }
                values[word] = value
            default:
                throw Failure(
                    "unknown option \(word); there are --nodes, --runs, --only, --json, --scale, --slurm and --again")
            }
        }
        guard [scale, slurm, again].filter({ $0 }).count < 2, !slurm && !again || values["--only"] == nil else {
            throw Failure("--slurm and --again measure all of their contenders: leave out the others, and --only")
        }
        (self.scale, self.slurm, self.again) = (scale, slurm, again)
        if scale, let only = values["--only"], !["namespaces", "swarm"].contains(only) {
            throw Failure("--scale is for namespaces or swarm, not \(only)")
        }
        let usual = scale ? "3,10,50,100,250" : slurm ? "2" : again ? "3" : "1,3,10,50,100"
        nodes = try (values["--nodes"] ?? usual).split(separator: ",").map {
            try Self.count($0)
        }
        wantedRuns = try values["--runs"].map { try Self.count($0[...]) }
        only = values["--only"]?.split(separator: ",").map { Self.key(String($0)) }
        json = values["--json"]
    }

    /// Ten runs of what is quick, three of what takes its time.
    func runs(of nodes: Int) -> Int { wantedRuns ?? (nodes <= 10 ? 10 : 3) }

    /// A contender's name as it is typed: `docker-run`.
    static func key(_ name: String) -> String {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
    }

    private static func count(_ word: Substring) throws -> Int {
        guard let count = Int(word), count > 0 else { throw Failure("\"\(word)\" is not a number of nodes or runs") }
        return count
    }
}
