/// A job of Slurm's, or a task of a job array, as it was when it was asked for.
public struct SlurmJob: Sendable, Hashable, Identifiable {
    /// A job's number, and for a task of an array the task's: `17`, `17_3`.
    public struct ID: Sendable, Hashable, CustomStringConvertible {
        /// The number of the job, or of the array.
        public let job: Int
        /// Which task of the array it is; nil is a job that is none, or the whole array.
        public let task: Int?

        /// Names a job.
        public init(_ job: Int, task: Int? = nil) { (self.job, self.task) = (job, task) }

        /// As Slurm writes it.
        public var description: String { task.map { "\(job)_\($0)" } ?? "\(job)" }
    }

    /// Its number.
    public let id: ID
    /// Its name: the script's, unless `--job-name` says otherwise.
    public let name: String
    /// The name of the user whose it is.
    public let user: String
    /// The name of its partition.
    public let partition: String
    /// What it does.
    public let state: SlurmJobState
    /// Why it is in that state, such as `Resources` or `NonZeroExitCode`; nil where Slurm has no reason.
    public let reason: String?
    /// The exit code of its script.
    public let exitCode: Int32
    /// The signal that ended its script; 0 is none.
    public let signal: Int32
    /// The names of its nodes; empty before it has any.
    public let nodes: [String]
    /// The node on which its script runs; nil before it does, and for a job without a script.
    public let batchNode: String?
    /// The path on that node of the file that it writes to; nil for a job without a script.
    public let outputFile: String?
}

/// What a job does, in Slurm's words.
public struct SlurmJobState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// Slurm's name of the state, such as `COMPLETED`.
    public let rawValue: String

    /// A state of Slurm's, by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It waits.
    public static let pending = SlurmJobState(rawValue: "PENDING")
    /// It runs.
    public static let running = SlurmJobState(rawValue: "RUNNING")
    /// It has been stopped, and will go on.
    public static let suspended = SlurmJobState(rawValue: "SUSPENDED")
    /// It has ended, and its nodes are being tidied up.
    public static let completing = SlurmJobState(rawValue: "COMPLETING")
    /// It has ended with the exit code 0.
    public static let completed = SlurmJobState(rawValue: "COMPLETED")
    /// It has ended with another exit code.
    public static let failed = SlurmJobState(rawValue: "FAILED")
    /// Somebody has ended it.
    public static let cancelled = SlurmJobState(rawValue: "CANCELLED")
    /// Its time was up.
    public static let timeout = SlurmJobState(rawValue: "TIMEOUT")
    /// It used more memory than it may.
    public static let outOfMemory = SlurmJobState(rawValue: "OUT_OF_MEMORY")
    /// One of its nodes was lost.
    public static let nodeFail = SlurmJobState(rawValue: "NODE_FAIL")
    /// Another job has taken its place.
    public static let preempted = SlurmJobState(rawValue: "PREEMPTED")

    private static let ends: Set<SlurmJobState> = [
        .completed, .failed, .cancelled, .timeout, .outOfMemory, .nodeFail, .preempted,
        SlurmJobState(rawValue: "BOOT_FAIL"), SlurmJobState(rawValue: "DEADLINE"),
    ]

    /// Whether nothing more happens to the job.
    public var isEnd: Bool { Self.ends.contains(self) }

    /// Slurm's name of it.
    public var description: String { rawValue }
}
