/// Where a service runs, and what it has there.
public struct ServicePlan: Sendable, Hashable {
    /// The names of its nodes.
    public var nodes: [String]
    /// Files that its nodes have from the beginning.
    public var files: [ServiceFile]
    /// Where it is reached. Their ports are published on 127.0.0.1; with a Swarm, on the address of the node's machine.
    public var endpoints: [ServiceEndpoint]
    /// The files on its nodes in which it logs what it does: an error shows their last lines. Those that are not there are passed over.
    public var logs: [String]
    /// What else is to be known of it once it is started, by names of its own: a token, say.
    public var values: [String: String]
    /// Ports of its nodes, besides its endpoints', that other nodes have to reach: a site's firewall lets these through.
    public var openPorts: [ClosedRange<Int>]
    /// Folders that all of its nodes share.
    package var sharedFolders: [SharedFolder.Place] = []

    /// Describes where a service runs.
    ///
    /// - Parameters:
    ///   - nodes: The names of its nodes.
    ///   - files: Files that its nodes have from the beginning.
    ///   - endpoints: Where it is reached.
    ///   - logs: The files in which it logs what it does.
    ///   - values: What else is to be known of it once it is started.
    ///   - openPorts: Ports of its nodes, besides its endpoints', that other nodes have to reach.
    public init(
        on nodes: [String], files: [ServiceFile] = [], endpoints: [ServiceEndpoint] = [], logs: [String] = [],
        values: [String: String] = [:], openPorts: [ClosedRange<Int>] = []
    ) {
        self.nodes = nodes
        self.files = files
        self.endpoints = endpoints
        self.logs = logs
        self.values = values
        self.openPorts = openPorts
    }
}

/// A file, or a folder, that nodes of a service have from the beginning.
public struct ServiceFile: Sendable, Hashable {
    /// Its absolute path. Folders on the way that are not there are made, and are root's.
    public var path: String
    /// What is in it; nil makes it a folder.
    public var text: String?
    /// Its permissions.
    public var mode: UInt16
    /// The name of the image's user who owns it, with that user's group.
    public var owner: String
    /// The names of the nodes that have it; nil is all of the service's.
    public var nodes: [String]?

    /// Describes a file.
    ///
    /// - Parameters:
    ///   - path: Its absolute path.
    ///   - text: What is in it.
    ///   - mode: Its permissions; all may read it unless you say otherwise.
    ///   - owner: The user of the image who owns it.
    ///   - nodes: The nodes that have it; nil is all of the service's.
    public init(
        _ path: String, _ text: String, mode: UInt16 = 0o644, owner: String = "root", nodes: [String]? = nil
    ) {
        (self.path, self.text, self.mode, self.owner, self.nodes) = (path, text, mode, owner, nodes)
    }

    /// Describes a folder.
    public static func folder(
        _ path: String, mode: UInt16 = 0o755, owner: String = "root", nodes: [String]? = nil
    ) -> ServiceFile {
        var folder = ServiceFile(path, "", mode: mode, owner: owner, nodes: nodes)
        folder.text = nil
        return folder
    }
}

/// Where a service is reached.
public struct ServiceEndpoint: Sendable, Hashable {
    /// What it is called, where the service has several.
    public var name: String
    /// The name of the node.
    public var node: String
    /// The port of the node, which is published on 127.0.0.1; with a Swarm, on the address of the node's machine.
    public var port: Int
    /// The scheme of its addresses, such as `http`.
    public var scheme: String
    /// What comes after the port in its addresses, such as `/lab?token=…`.
    public var path: String

    /// Describes an endpoint.
    ///
    /// - Parameters:
    ///   - name: What it is called.
    ///   - node: The name of the node.
    ///   - port: The port of the node.
    ///   - scheme: The scheme of its addresses.
    ///   - path: What comes after the port in its addresses.
    public init(_ name: String, on node: String, port: Int, scheme: String = "tcp", path: String = "") {
        (self.name, self.node, self.port, self.scheme, self.path) = (name, node, port, scheme, path)
    }

    /// Its address, where the port has this number on that host.
    package func address(_ host: String, _ port: Int) -> String { "\(scheme)://\(host):\(port)\(path)" }
}
