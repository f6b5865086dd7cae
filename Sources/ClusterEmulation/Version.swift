/// The release that this is: what the command answers to `--version`. The changelog's newest entry and the README name the
/// same one; a test compares them.
package enum Version {
    package static let current = "0.5.0"
}
