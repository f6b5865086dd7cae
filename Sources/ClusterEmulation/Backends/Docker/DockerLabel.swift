/// The labels that everything of ours on an engine bears.
package enum DockerLabel: String, CaseIterable, CustomStringConvertible {
    /// The cluster's id.
    case cluster = "org.clusterfixture.cluster"
    /// The cluster's name.
    case name = "org.clusterfixture.name"
    /// The node's name; networks have none.
    case node = "org.clusterfixture.node"
    /// Of a container beside a node: when that node was started, since its network is another one each time.
    case start = "org.clusterfixture.start"
    /// The machine of a Swarm that it is on, or the Swarm's word for all of them: what an engine has by itself has none.
    case machine = "org.clusterfixture.machine"
    /// The cluster's folder, where no container can show it: on a Swarm's machines.
    case folder = "org.clusterfixture.folder"
    /// The process that made it: ``ProcessIdentity/text``.
    case owner = "org.clusterfixture.owner"
    /// The number of the user whose cluster it is: an engine may serve several, who must not touch each other's.
    case user = "org.clusterfixture.user"

    package var description: String { rawValue }
}
