import CScripts

/// JupyterLab with jupyter-server-proxy, on one node and `ubuntu`'s, behind a token that only this cluster has.
///
/// It opens their home. Web pages of programs on the same node are reached through it, as `/proxy/8787/status`; what notebooks say of
/// Dask's dashboards leads there. A node that is made of ``NodeImage/node`` is made of ``NodeImage/dask`` instead.
public struct JupyterLab: Service {
    /// `jupyter`
    public let name = "jupyter"
    /// Where it is: on one node.
    public let placement: Placement

    static let port = 8888
    /// Before everything else that there may be, but for what is in the user's `~/.jupyter`.
    static let settings = "/etc/cluster-fixture/jupyter"
}

extension Service where Self == JupyterLab {
    /// JupyterLab with jupyter-server-proxy.
    ///
    /// - Parameter placement: Where it is; on the first of several nodes.
    /// - Returns: The service, called `jupyter`.
    public static func jupyterLab(on placement: Placement = .login) -> JupyterLab { JupyterLab(placement: placement) }
}

extension JupyterLab {
    /// The node with JupyterLab.
    public func image(_ image: NodeImage) -> NodeImage { image.withDask }

    /// Plans the server, and makes its token. The token is in a file that `ubuntu` alone can read.
    public func plan(for layout: ClusterLayout) throws -> ServicePlan {
        let node = try layout.nodes(placement)[0].name
        let token = RandomDigits.hexadecimal(32)
        return ServicePlan(
            on: [node],
            files: [
                ServiceFile(
                    Self.settings + "/jupyter_server_config.json", configuration(token), mode: 0o600, owner: "ubuntu"),
                ServiceFile(Self.settings + "/labconfig/page_config.json", Self.pageSettings),
            ],
            endpoints: [
                ServiceEndpoint("lab", on: node, port: Self.port, scheme: "http", path: "/lab?token=\(token)")
            ],
            logs: ["/var/log/jupyter.log"],
            values: ["token": token])
    }

    /// Starts the server.
    public func start(on nodes: ServiceNodes) async throws {
        try await nodes.onEach { node in
            try await nodes.start(
                ["jupyter", "lab"], as: "jupyter",
                environment: [
                    "JUPYTER_CONFIG_PATH": Self.settings,
                    "DASK_DISTRIBUTED__DASHBOARD__LINK": "/proxy/{port}/status",
                ], on: node)
        }
    }

    /// Returns when it has answered with its page.
    public func prove(on nodes: ServiceNodes) async throws {
        try await nodes.onEach { node in
            try await nodes.prove(
                by: String(cString: jupyter_proving_program()),
                [Self.settings + "/jupyter_server_config.json", "/run/jupyter.pid"], on: node)
        }
    }

    /// What the server is told by its file. Another port would be found by nobody.
    private func configuration(_ token: String) -> String {
        """
        {
          "ServerApp": {"ip": "0.0.0.0", "port": \(Self.port), "port_retries": 0, "open_browser": false},
          "IdentityProvider": {"token": "\(token)"}
        }

        """
    }

    /// Nobody is asked whether they want news, and the page asks nobody outside for them.
    private static let pageSettings = """
        {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}

        """
}

extension Cluster {
    /// JupyterLab.
    ///
    /// - Throws: ``ClusterError`` with the code `noCluster` if ``Service/jupyterLab(on:)`` is not among its services.
    public var jupyterLab: RunningService<JupyterLab> { get throws { try service() } }
}

extension RunningService<JupyterLab> {
    /// What lets a browser or a program in.
    public var token: String { plan.values["token"] ?? "" }

    /// The address of JupyterLab's page on this machine, with the token.
    public var url: String { get throws { try address("lab") } }

    /// The address of another page of the server on this machine, with the token.
    ///
    /// - Parameter path: The page's path, such as `/proxy/8787/status`.
    /// - Returns: The address.
    /// - Throws: Nothing, while the cluster is there.
    public func url(of path: String) throws -> String {
        try address("lab").replacing("/lab?", with: "\(path)?", maxReplacements: 1)
    }
}
