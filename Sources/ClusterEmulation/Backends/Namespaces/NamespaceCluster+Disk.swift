#if os(Linux)
extension NamespaceCluster: DiskProtecting {
    /// The kernel lets nobody take a file system away from a program that is about to write to it.
    private static let script = """
        for place in / /tmp; do
            mount -o "remount,bind,$1" "$place" 2>/dev/null && continue
            mount -o remount,bind,rw / 2>/dev/null
            set -- "$(find /proc/[0-9]*/fd -perm -u=w -xtype f -lname '/*' ! -lname '/dev/*' ! -lname '/proc/*' ! -lname '/run/*' \\
                -printf '%l by process %h\\n' 2>/dev/null | sed 's|/proc/\\([0-9]*\\)/fd|\\1|' | head -n 1)"
            echo "$place is in use${1:+, such as $1}" >&2
            exit 1
        done
        """

    func protectDisk(of node: String, _ isProtected: Bool) async throws {
        let words = ["sh", "-c", Self.script, "sh", isProtected ? "ro" : "rw"]
        try await NodeScript(program: words).run(
            [], on: node, of: self, isProtected ? "the disk can't be made read-only" : "the disk can't be made writable"
        )
    }
}
#endif
