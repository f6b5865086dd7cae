#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The words of docker command lines: pure functions of a plan.
package enum DockerArguments {
    /// The label that everything of ours bears; its value is the cluster's id.
    package static let clusterLabel = "org.clusterfixture.cluster"
    package static let nameLabel = "org.clusterfixture.name"
    package static let nodeLabel = "org.clusterfixture.node"
    package static let ownerLabel = "org.clusterfixture.owner"
    /// The number of the user whose cluster it is: an engine may serve several, who must not touch each other's.
    package static let userLabel = "org.clusterfixture.user"
    /// The cluster's folder on its owner's machine.
    package static let folderLabel = "org.clusterfixture.folder"

    package static func filter(_ cluster: ClusterPlan.ID) -> String { "label=\(clusterLabel)=\(cluster)" }

    /// Everything of this user's.
    package static var filterOfThisUser: [String] {
        ["--filter", "label=\(clusterLabel)", "--filter", "label=\(userLabel)=\(geteuid())"]
    }

    package static func network(_ cluster: ClusterPlan.ID) -> String { "cf-\(cluster)" }

    package static func container(_ cluster: ClusterPlan.ID, _ node: String) -> String { "cf-\(cluster)-\(node)" }

    package static func labels(_ plan: ClusterPlan) -> [String] {
        [
            "--label", "\(clusterLabel)=\(plan.id)", "--label", "\(nameLabel)=\(plan.name)",
            "--label", "\(userLabel)=\(geteuid())",
            "--label", "\(ownerLabel)=\(ProcessIdentity.current.text)", "--label",
            "\(folderLabel)=\(plan.workspace.folder)",
        ]
    }

    package static func createNetwork(_ plan: ClusterPlan, _ subnet: Subnet) -> [String] {
        ["network", "create", "--driver", "bridge", "--subnet", subnet.description] + labels(plan) + [network(plan.id)]
    }

    /// Starts one node.
    ///
    /// The folder with the node's files is mounted below `/root`, which only root may enter, so that `ubuntu` can't
    /// read root's keys there, whoever owns the files on this machine.
    package static func run(
        _ plan: ClusterPlan, node: Int, image: String, address: String, files: String
    ) -> [String] {
        let name = plan.nodeNames[node]
        let configuration = plan.configuration
        var arguments = ["run", "--detach", "--name", container(plan.id, name), "--hostname", name]
        arguments += ["--network", network(plan.id), "--ip", address, "--network-alias", name]
        arguments += labels(plan) + ["--label", "\(nodeLabel)=\(name)"]
        arguments += ["--publish", "127.0.0.1::22"]
        for port in configuration.ports {
            arguments += ["--publish", "127.0.0.1:\(port.hostPort.map(String.init) ?? ""):\(port.nodePort)"]
        }
        arguments += ["--mount", "type=bind,source=\(files),target=/root/.cluster-fixture,readonly"]
        for mount in configuration.mounts {
            arguments += [
                "--mount",
                "type=bind,source=\(mount.source),target=\(mount.target)" + (mount.isReadOnly ? ",readonly" : ""),
            ]
        }
        if let processors = configuration.limits.processors { arguments += ["--cpus", "\(processors)"] }
        if let memory = configuration.limits.memory { arguments += ["--memory", "\(memory)b"] }
        return arguments + [image, "--configure"]
    }

    /// Asks for the labels of all that is ours, one line each, as ``summary(_:)`` reads them.
    package static func listLabels(_ list: [String]) -> [String] {
        let labels = summaryLabels.map { "{{.Label \"\($0)\"}}" }.joined(separator: "\t")
        return list + filterOfThisUser + ["--format", labels]
    }

    private static let summaryLabels = [clusterLabel, nameLabel, ownerLabel, folderLabel]

    /// Asks for the labels of containers, one line each, as ``summary(_:)`` reads them.
    package static func inspectLabels(ofContainers containers: [String]) -> [String] {
        ["inspect", "--type", "container", "--format", labels(in: ".Config.Labels")] + containers
    }

    /// Asks for the labels of networks, one line each, as ``summary(_:)`` reads them.
    package static func inspectLabels(ofNetworks networks: [String]) -> [String] {
        ["network", "inspect", "--format", labels(in: ".Labels")] + networks
    }

    private static func labels(in field: String) -> String {
        summaryLabels.map { "{{index \(field) \"\($0)\"}}" }.joined(
            separator: "\t")
    }

    /// Reads a line with the labels of a container or a network.
    package static func summary(_ line: String) -> ClusterSummary? {
        let values = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard values.count == 4, !values[0].isEmpty else { return nil }
        return ClusterSummary(
            id: values[0], name: values[1], owner: ProcessIdentity(text: values[2]), folder: values[3])
    }

    /// Asks for the name and the published ports of nodes, one line each.
    package static func inspectPorts(_ containers: [String]) -> [String] {
        ["inspect", "--type", "container", "--format", "{{json .NetworkSettings.Ports}}"] + containers
    }
}
