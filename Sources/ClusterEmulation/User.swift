/// A user that every node has.
public enum User: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// The administrator.
    case root
    /// An ordinary user (uid 1000 unless the base image brings its own), who may not use `sudo` unless the cluster says so.
    case ubuntu

    /// The user's login name.
    public var description: String { rawValue }
}
