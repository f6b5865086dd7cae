/// A cluster as any process can see it.
package struct ClusterSummary: Sendable, Hashable {
    package let id: ClusterPlan.ID
    package let name: String
    /// The name of the backend that its nodes run on.
    package let backend: String
    /// The process that made it and would remove it.
    package let owner: ProcessIdentity?
    /// The cluster's folder on the owner's machine. What is in it is believed only as far as ``Workspace/opened`` goes.
    package let workspace: Workspace
    /// Whether it was kept on purpose when it was found.
    package let wasKept: Bool

    package var folder: String { workspace.folder }

    package init(id: ClusterPlan.ID, name: String, backend: String, owner: ProcessIdentity?, workspace: Workspace) {
        self.id = id
        self.name = name
        self.backend = backend
        self.owner = owner
        self.workspace = workspace
        wasKept = workspace.isKept
    }

    /// A cluster that this process is about to make.
    package init(_ plan: ClusterPlan, backend: String) {
        self.init(id: plan.id, name: plan.name, backend: backend, owner: .current, workspace: plan.workspace)
    }

    /// What the cluster's folder says of it; nil while it is starting, or if its folder is gone.
    package var inventory: Inventory? { workspace.opened.flatMap { try? Inventory(in: $0.folder, of: self) } }
}
