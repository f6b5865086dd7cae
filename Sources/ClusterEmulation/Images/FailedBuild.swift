extension ClusterError {
    /// An image that could not be made.
    ///
    /// - Parameters:
    ///   - failure: What failed, without a full stop.
    ///   - log: The last lines of what was printed. Where they name the cause, it goes into the sentence.
    ///   - place: Where files are written, for a disk that is full.
    ///   - remedy: What to do if it is neither the disk nor a package's name; nil is to repair the step.
    /// - Returns: The error, with the code `imageUnavailable`.
    static func failedBuild(_ failure: String, log: String, writingTo place: String? = nil, remedy: String? = nil)
        -> ClusterError
    {
        // An engine paints what programs say on standard error, word by word.
        let log = log.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        if let place, log.contains("No space left on device") {
            return ClusterError(
                .imageUnavailable, failure + ".", log: log,
                remedy: "Make room on the disk of \(place), or name another folder by XDG_CACHE_HOME.")
        }
        if let missing = missingPackage(in: log) {
            return ClusterError(
                .imageUnavailable, "\(failure): \(missing).", log: log,
                remedy: "Correct the name, or take another release of the base (`basedOn`).")
        }
        return ClusterError(
            .imageUnavailable, failure + ".", log: log,
            remedy: remedy ?? "Repair the failing step, shown below, and run again.")
    }

    /// What apt-get and pip say of names that their archives don't have.
    private static func missingPackage(in log: String) -> String? {
        if let found = log.firstMatch(of: /E: Unable to locate package (\S+)/) {
            return "the image's release has no package \(found.1)"
        }
        if let found = log.firstMatch(of: /E: Package '(\S+)' has no installation candidate/) {
            return "the image's release has no package \(found.1)"
        }
        if let found = log.firstMatch(of: /E: Version '(\S+)' for '(\S+)' was not found/) {
            return "the image's release has no version \(found.1) of the package \(found.2)"
        }
        if let found = log.firstMatch(of: /ERROR: No matching distribution found for (\S+)/) {
            return "PyPI has no \(found.1) for the image's Python"
        }
        return nil
    }
}
