extension HostLease {
    /// What is known of a machine that is held.
    struct Facts {
        /// The cluster's folder on it.
        let folder: String
        /// This machine's address and its own, of the connection; nil if the machine does not tell.
        let client: String?
        let server: String?
        /// What was left there by holders who have died, in their own words.
        let remains: [String]
    }
}

extension HostLease.Facts {
    /// Reads what the shell says when it holds the machine: the cluster's folder, the two addresses, and its process.
    ///
    /// The machine's root can say anything in the shell's place, and what is said becomes names in an ssh_config and a known_hosts file. So it is nil
    /// if the folder is not the one that was asked for, or an address is none.
    init?(_ told: String, folder: String, remains: [String]) {
        let words = told.split(separator: " ").map(String.init)
        guard words.count == 4, words[0] == folder else { return nil }
        var addresses: [String?] = []
        for word in words[1...2] {
            // Behind a percent sign is an interface of the machine's own: such an address leads nowhere from here.
            let parts = word.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard word == "-" || IPAddress.isValid(parts[0]) else { return nil }
            addresses.append(word == "-" || parts.count > 1 ? nil : word)
        }
        self.init(folder: folder, client: addresses[0], server: addresses[1], remains: remains)
    }
}
