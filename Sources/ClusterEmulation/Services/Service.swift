/// Something that runs on nodes of a cluster besides sshd: a batch system, a notebook server, a database of your own.
///
/// A cluster that is given services starts each when those are ready that it depends on, and is ready itself when all of them
/// have been proved to work. A service ends with its cluster.
///
/// ```swift
/// struct WebServer: Service {
///     let name = "web"
///
///     func plan(for layout: ClusterLayout) throws -> ServicePlan {
///         let node = layout.login.name
///         return ServicePlan(
///             on: [node],
///             files: [ServiceFile("/srv/index.html", "It works.\n")],
///             endpoints: [ServiceEndpoint("page", on: node, port: 8000, scheme: "http", path: "/index.html")],
///             logs: ["/var/log/web.log"])
///     }
///
///     func start(on nodes: ServiceNodes) async throws {
///         try await nodes.onEach { node in
///             try await nodes.run("cd /srv && setsid python3 -m http.server 8000 >/var/log/web.log 2>&1 &", on: node).requireSuccess()
///         }
///     }
///
///     func prove(on nodes: ServiceNodes) async throws {
///         try await nodes.onEach { node in try await nodes.waitForPort(8000, on: node) }
///     }
/// }
/// ```
public protocol Service: Sendable, Hashable {
    /// What it is called in messages and in the inventory: 1 to 32 lower-case letters, digits and hyphens, a letter first. Two services of
    /// a cluster have two names.
    var name: String { get }

    /// The names of the services that have to be ready before this one is started; none by default.
    var dependencies: [String] { get }

    /// The names of services that can't be in a cluster with this one, since they bring the same programs, say; none by default.
    var conflicts: [String] { get }

    /// How long it may take from its start until it is proved to work; 60 seconds by default.
    var readyWithin: Duration { get }

    /// What its nodes have to be made of: the image they would have without it, and what is needed on top, as in
    /// `image.adding(packages: ["redis-server"])`. By default nothing.
    ///
    /// - Parameter image: What the nodes would be made of without it.
    /// - Returns: What they are to be made of.
    func image(_ image: NodeImage) -> NodeImage

    /// Says on which nodes it runs, and with what: before anything is started, and once for each cluster, so that secrets can be made
    /// here.
    ///
    /// - Parameter layout: The nodes that there will be.
    /// - Returns: Its nodes, and what is to be on them.
    /// - Throws: Whatever stands in its way; then nothing is started.
    func plan(for layout: ClusterLayout) throws -> ServicePlan

    /// Starts its programs. The nodes are up, and what it depends on is ready.
    ///
    /// - Parameter nodes: Its nodes, on which it can run programs.
    /// - Throws: What stands in its way.
    func start(on nodes: ServiceNodes) async throws

    /// Returns when it is seen to work: a job has run, a page has been answered. By default, when each of its endpoints takes connections.
    ///
    /// - Parameter nodes: Its nodes.
    /// - Throws: What stands in its way, if it is known before ``readyWithin`` has passed.
    func prove(on nodes: ServiceNodes) async throws
}

extension Service {
    /// None.
    public var dependencies: [String] { [] }

    /// None.
    public var conflicts: [String] { [] }

    /// 60 seconds.
    public var readyWithin: Duration { .seconds(60) }

    /// The image as it is.
    public func image(_ image: NodeImage) -> NodeImage { image }

    /// Returns when each of its endpoints takes connections.
    public func prove(on nodes: ServiceNodes) async throws {
        for endpoint in nodes.plan.endpoints { try await nodes.waitForPort(endpoint.port, on: endpoint.node) }
    }
}

/// Services that can be compared, whatever kinds they are of.
struct ServiceList: Sendable, Hashable {
    let services: [any Service]

    init(_ services: [any Service]) { self.services = services }

    private var hashable: [AnyHashable] { services.map { AnyHashable($0) } }

    static func == (left: ServiceList, right: ServiceList) -> Bool { left.hashable == right.hashable }

    func hash(into hasher: inout Hasher) { hasher.combine(hashable) }
}
