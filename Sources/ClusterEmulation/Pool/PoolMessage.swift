/// What a pool is asked, and what it answers: each a line of JSON on its socket.
///
/// A lease lasts as long as its connection, or as long as the process that is named.
package enum PoolMessage {
    package struct Request: Codable, Sendable {
        /// `lease`, `status` or `stop`; on the connection of a lease, `command` names the process that uses it, and `done` says that
        /// it has ended.
        package enum Kind: String, Codable, Sendable { case lease, status, stop, command, done }

        package var kind: Kind
        /// With `lease`, the process that the cluster ends with, if it is not to end with the connection; with `command`, the one that ends
        /// with the connection.
        package var process: Int32?

        package init(_ kind: Kind, process: Int32? = nil) {
            self.kind = kind
            self.process = process
        }
    }

    package struct Answer: Codable, Sendable {
        /// The cluster that is handed over.
        package var cluster: Inventory?
        package var status: Status?
        /// Why there is none of that.
        package var error: String?
        package var remedy: String?

        package init(cluster: Inventory? = nil, status: Status? = nil, error: ClusterError? = nil) {
            self.cluster = cluster
            self.status = status
            self.error = error?.message
            remedy = error?.remedy
        }
    }

    /// How a pool is doing.
    package struct Status: Codable, Sendable {
        package let name: String
        /// How many nodes a cluster of it has.
        package let nodes: Int
        /// How many clusters are kept ready.
        package let size: Int
        package var ready: Int
        package var starting: Int
        package var leased: Int
        /// The number of the process that it ends with; nil if it stays until it is stopped.
        package let owner: Int32?
        /// The number of the process that has it.
        package let process: Int32
    }
}
