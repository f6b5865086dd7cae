import ClusterEmulation

/// A name that a mapping knows, and what is done with its value.
struct Field<Subject> {
    let name: String
    let read: (Entry, inout Subject) throws -> Void

    init(_ name: String, _ read: @escaping (Entry, inout Subject) throws -> Void) {
        self.name = name
        self.read = read
    }
}

extension Field<ClusterConfiguration> {
    /// The settings of a cluster, as ``ClusterConfiguration`` has them.
    static var cluster: [Field] {
        [
            Field("nodes") { entry, cluster in
                let number = try entry.integer()
                try entry.check { $0.nodes = number }
                cluster.nodes = number
            },
            Field("roles") { entry, cluster in cluster.roles = try entry.list().map { try $0.role() } },
            Field("image") { entry, cluster in cluster.image = try entry.image() },
            Field("services") { entry, cluster in cluster.services = try entry.list().map { try $0.service() } },
            Field("site") { entry, cluster in cluster.site = try entry.site() },
            Field("backend") { entry, cluster in
                if entry.isMapping {
                    try entry.read([Field("hosts") { $1.backend = .hosts(try $0.path()) }], into: &cluster)
                    return
                }
                let name = try entry.text()
                do { cluster.backend = try BackendChoice.named(name) } catch let error as ClusterError {
                    throw entry.refusal(error.message, remedy: error.remedy)
                }
            },
            Field("name") { entry, cluster in
                let name = try entry.text()
                try entry.check { $0.name = name }
                cluster.name = name
            },
            Field("limits") { entry, cluster in try entry.read(Field<NodeLimits>.limits, into: &cluster.limits) },
            Field("environment") { entry, cluster in cluster.environment = try entry.environment() },
            Field("ports") { entry, cluster in cluster.ports = try entry.list().map { try $0.port() } },
            Field("mounts") { entry, cluster in cluster.mounts = try entry.list().map { try $0.mount() } },
            Field("outside") { entry, cluster in cluster.outside = try entry.truth() },
            Field("hostAccess") { entry, cluster in cluster.hostAccess = try entry.truth() },
            Field("subnets") { entry, cluster in
                let range = try entry.text()
                try entry.check { $0.subnets = range }
                cluster.subnets = range
            },
            Field("ipv6") { entry, cluster in cluster.ipv6 = try entry.truth() },
            Field("passwordLogins") { entry, cluster in cluster.passwordLogins = try entry.truth() },
            Field("sudo") { entry, cluster in cluster.sudo = try entry.truth() },
            Field("capabilities") { entry, cluster in
                cluster.capabilities = try entry.list().map { entry in
                    let name = try entry.text()
                    try entry.check { $0.capabilities = [name] }
                    return name
                }
            },
            Field("rsaHostKeys") { entry, cluster in cluster.rsaHostKeys = try entry.truth() },
            Field("packets") { entry, cluster in cluster.packets = try entry.truth() },
            // In seconds.
            Field("readyWithin") { entry, cluster in
                let limit = Duration.seconds(try entry.number())
                try entry.check { $0.readyWithin = limit }
                cluster.readyWithin = limit
            },
        ]
    }
}

extension Field<NodeLimits> {
    static var limits: [Field] {
        [
            Field("processors") { entry, limits in limits.processors = try entry.checked(\.processors, entry.number())
            },
            Field("memory") { entry, limits in limits.memory = try entry.checked(\.memory, entry.size()) },
            Field("disk") { entry, limits in limits.disk = try entry.checked(\.disk, entry.size()) },
            Field("sharedMemory") { entry, limits in
                limits.sharedMemory = try entry.checked(\.sharedMemory, entry.size())
            },
            Field("openFiles") { entry, limits in limits.openFiles = try entry.checked(\.openFiles, entry.integer()) },
            Field("processes") { entry, limits in limits.processes = try entry.checked(\.processes, entry.integer()) },
            Field("stack") { entry, limits in limits.stack = try entry.checked(\.stack, entry.size()) },
            Field("lockedMemory") { entry, limits in
                limits.lockedMemory = try entry.checked(\.lockedMemory, entry.size())
            },
            Field("coreFile") { entry, limits in limits.coreFile = try entry.checked(\.coreFile, entry.size()) },
        ]
    }
}

/// A published port, as far as it has been read.
struct UnfinishedPort {
    var nodePort: Int?
    var hostPort: Int?
    var transport = PublishedPort.Transport.tcp
}

extension Field<UnfinishedPort> {
    static var port: [Field] {
        [
            Field("nodePort") { entry, port in
                let number = try entry.integer()
                try entry.check { $0.ports = [PublishedPort(number)] }
                port.nodePort = number
            },
            Field("hostPort") { entry, port in
                let number = try entry.integer()
                try entry.check { $0.ports = [PublishedPort(1, on: number)] }
                port.hostPort = number
            },
            Field("transport") { entry, port in
                let name = try entry.text()
                guard let transport = PublishedPort.Transport(rawValue: name) else {
                    throw entry.refusal("\(entry.name) must be tcp or udp, not \"\(name)\".")
                }
                port.transport = transport
            },
        ]
    }
}

extension Field<(source: String?, target: String?, isReadOnly: Bool)> {
    static var mount: [Field] {
        [
            Field("source") { entry, mount in mount.source = try entry.path() },
            Field("target") { entry, mount in mount.target = try entry.text() },
            Field("isReadOnly") { entry, mount in mount.isReadOnly = try entry.truth() },
        ]
    }
}

extension Entry {
    fileprivate func checked<Value>(_ limit: WritableKeyPath<NodeLimits, Value?>, _ value: Value) throws -> Value {
        try check { $0.limits[keyPath: limit] = value }
        return value
    }

    func environment() throws -> [String: String] {
        var variables: [String: String] = [:]
        for (key, value) in try pairs() {
            let (name, text) = (value.name, try value.anyText())
            try key.check { $0.environment = [name: text] }
            variables[name] = text
        }
        return variables
    }

    func port() throws -> PublishedPort {
        guard isMapping else {
            let number = try integer()
            try check { $0.ports = [PublishedPort(number)] }
            return PublishedPort(number)
        }
        var port = UnfinishedPort()
        try read(Field<UnfinishedPort>.port, into: &port)
        guard let nodePort = port.nodePort else { throw refusal("\(name) has no nodePort.") }
        return PublishedPort(nodePort, on: port.hostPort, port.transport)
    }

    fileprivate func mount() throws -> Mount {
        var mount: (source: String?, target: String?, isReadOnly: Bool) = (nil, nil, false)
        try read(Field<(source: String?, target: String?, isReadOnly: Bool)>.mount, into: &mount)
        guard let source = mount.source, let target = mount.target else {
            throw refusal("\(name) has no \(mount.source == nil ? "source" : "target").")
        }
        let result = Mount(source, at: target, isReadOnly: mount.isReadOnly)
        try check { $0.mounts = [result] }
        return result
    }
}
