/// Something that has happened to a cluster.
package struct Event: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A piece of work has begun, or is done, that may take long: an image that is built, say.
        case work
        /// A program that does such work has printed a line.
        case output
        /// A step of the start is done.
        case done(StartTimes.Step)
        /// A node's host key was checked, and the node ran a command.
        case proved
        /// A service, which the detail names, was proved to work.
        case serviceReady
        /// A node has ended.
        case ended
        /// A node was killed on purpose.
        case killed
        /// A node was started again.
        case started
        /// A node was frozen.
        case paused
        /// A frozen node goes on.
        case resumed
        /// The cluster was made as new.
        case reset
        /// A fault of this number has begun: the detail says which.
        case faultBegan(Int)
        /// The fault of this number is over.
        case faultEnded(Int)
        /// Whatever was broken is over: of the kind that the detail names, such as `ssh`, or all of it if it is empty; on a node, or
        /// everywhere. It is for processes that did not begin it.
        case healed
        /// A test has recorded an issue, which the detail tells.
        case issue
        /// The cluster was let go of: it stays when its maker ends.
        case detached
        /// The cluster is removed.
        case stopped
    }

    /// How long after the beginning of the cluster's start it happened.
    package let time: Duration
    /// The nodes that it happened to; none if it was the cluster.
    package let nodes: [String]
    package let kind: Kind
    /// What else there is to say, in words; may be empty.
    package let detail: String

    package init(time: Duration, nodes: [String], kind: Kind, detail: String) {
        (self.time, self.nodes, self.kind, self.detail) = (time, nodes, kind, detail)
    }

    package init(time: Duration, node: String?, kind: Kind, detail: String) {
        self.init(time: time, nodes: node.map { [$0] } ?? [], kind: kind, detail: detail)
    }

    /// The node that it happened to; nil if it was the cluster, or more than one.
    package var node: String? { nodes.count == 1 ? nodes[0] : nil }
}
