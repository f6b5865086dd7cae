import Foundation

extension ClusterConfiguration {
    /// Refuses what can't work, before anything is started.
    package func validate() throws {
        var names = Set<String>()
        for role in roles {
            try role.validate()
            guard names.insert(role.name).inserted else { throw invalid("Two roles are called \(role.name).") }
        }
        guard (1...Self.maximumNodes).contains(size), roles.isEmpty || nodes == 1 || nodes == size else {
            if (1...Self.maximumNodes).contains(size) {
                throw invalid(
                    "`nodes` is \(nodes), and the roles have \(size) together: leave out the number of nodes.")
            }
            throw invalid("A cluster has 1 to \(Self.maximumNodes) nodes, not \(size).")
        }
        if let name, !Self.isValidName(name) {
            throw invalid(
                "The cluster name \"\(Self.printable(name))\" is not 1 to 32 lower-case letters, digits and hyphens, a letter first."
            )
        }
        if readyWithin <= .zero {
            throw invalid("The time limit for readiness must be more than 0 s, not \(readyWithin.inSeconds).")
        }
        try limits.validate()
        for role in roles { try role.limits?.validate() }
        for name in capabilities where Capabilities.name(name) == nil {
            throw invalid(
                "\"\(Self.printable(name))\" is not a Linux capability, such as SYS_PTRACE: see capabilities(7).")
        }
        if subnets != nil { _ = try SubnetRange.chosen(for: self) }
        try image.validate()
        for role in roles { try role.image?.validate() }
        for (variable, value) in (environment.map { $0 } + roles.flatMap(\.environment)).sorted(by: { $0.key < $1.key })
        {
            guard SentVariables.isValidName(variable) else {
                throw invalid("\"\(Self.printable(variable))\" is not a name that an environment variable can have.")
            }
            guard !value.contains(where: \.isNewline), !value.utf8.contains(0) else {
                throw invalid("The value of \(variable) has a line break, which ~/.ssh/environment can't hold.")
            }
        }
        try validate(ports, of: size)
        for role in roles {
            let own = role.ports.map(\.key)
            try validate(ports.filter { !own.contains($0.key) } + role.ports, of: role.count)
        }
        for mount in mounts {
            try mount.validate()
            try mount.validatePlace()
        }
    }

    /// How many ports of a node can be published besides 22.
    private static let mostPorts = 63

    /// Refuses ports that so many nodes can't all publish.
    package func validate(_ ports: [PublishedPort], of nodes: Int) throws {
        guard ports.count <= Self.mostPorts else {
            throw invalid("A node can publish \(Self.mostPorts) ports besides 22, not \(ports.count).")
        }
        var (seen, taken) = (Set<String>(), Set<String>())
        for port in ports {
            for number in [port.nodePort, port.hostPort].compactMap(\.self) where !(1...65535).contains(number) {
                throw invalid("\(number) is not a port: ports are 1 to 65535.")
            }
            let transport = port.transport
            if port.nodePort == 22, transport == .tcp {
                throw invalid("Port 22 is always published: leave it out of `ports`.")
            }
            if !seen.insert(port.key).inserted {
                throw invalid("Port \(port.nodePort) (\(transport)) is to be published twice.")
            }
            if let hostPort = port.hostPort, !taken.insert("\(hostPort)/\(transport)").inserted {
                throw invalid("Port \(hostPort) (\(transport)) of this machine can't lead to two ports of a node.")
            }
            if let hostPort = port.hostPort, nodes > 1 {
                throw invalid(
                    "Port \(hostPort) of this machine can't lead to port \(port.nodePort) of \(nodes) nodes: leave out the port of this machine."
                )
            }
        }
    }

    static func isValidName(_ name: String) -> Bool {
        guard (1...32).contains(name.utf8.count), let first = name.utf8.first, (0x61...0x7a).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
    }

    /// A text that is safe in a one-line message, whatever is in it.
    package static func printable(_ text: String) -> String {
        String(text.debugDescription.dropFirst().dropLast())
    }

    private func invalid(_ message: String) -> ClusterError { ClusterError(.invalidConfiguration, message) }
}

extension Mount {
    /// Folders in which a node has its system, its users' keys, or what it puts there when it starts.
    private static let nodesOwn: Set = [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/ssh", "/home", "/home/ubuntu", "/home/ubuntu/.ssh", "/lib",
        "/lib32", "/lib64",
        "/proc", "/root", "/root/.ssh", "/run", "/run/sshd", "/sbin", "/sys", "/usr", "/usr/bin", "/usr/lib",
        "/usr/lib64",
        "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/run",
    ]

    /// Refuses a place in which a node would miss what it has there.
    func validatePlace() throws {
        let place = "/" + target.split(separator: "/").joined(separator: "/")
        guard Self.nodesOwn.contains(place) || ["/dev/", "/proc/", "/sys/"].contains(where: place.hasPrefix) else {
            return
        }
        throw ClusterError(
            .invalidConfiguration,
            "\(source) can't be mounted at \(ClusterConfiguration.printable(place)): a node needs what it has there itself.",
            remedy: "Mount it at a folder of its own, such as /data.")
    }

    func validate() throws {
        for path in [source, target] {
            guard path.hasPrefix("/"), !path.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }),
                !path.utf8.contains(0)
            else {
                throw ClusterError(
                    .invalidConfiguration,
                    "\"\(ClusterConfiguration.printable(path))\" can't be mounted: use an absolute path without commas, double quotes and line breaks."
                )
            }
        }
        // A path in the node is resolved in the node, so it is harmless. But a reader can't tell where it leads.
        guard !target.split(separator: "/").contains(where: { $0 == ".." || $0 == "." }) else {
            throw ClusterError(
                .invalidConfiguration,
                "\(source) can't be mounted at \"\(ClusterConfiguration.printable(target))\": leave out the \"..\" and \".\"."
            )
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder), isFolder.boolValue else {
            throw ClusterError(
                .invalidConfiguration, "\(source) can't be mounted: there is no such folder on this machine.")
        }
    }
}

extension NodeLimits {
    fileprivate func validate() throws {
        if let processors = processors, !(processors > 0 && processors.isFinite) {
            throw invalid("A node can't be limited to \(processors) processors.")
        }
        if let memory = memory, memory < 6 << 20 {
            throw invalid("A node can't be limited to \(memory) bytes of memory: sshd needs 6 MiB (\(6 << 20) bytes).")
        }
        for (size, name) in [(disk, "disk"), (sharedMemory, "shared memory")] {
            // Less holds no key and no log, or not one page.
            if let size, size < 1 << 20 {
                throw invalid(
                    "A node can't be limited to \(size) bytes of \(name): the least is 1 MiB (\(1 << 20) bytes).")
            }
        }
        for resource in ProcessLimit.Resource.allCases {
            if let number = self[keyPath: resource.setting], number < resource.least {
                throw invalid(
                    "A node can't be limited to \(number) \(resource.description): the least is \(resource.least).")
            }
        }
    }

    private func invalid(_ message: String) -> ClusterError { ClusterError(.invalidConfiguration, message) }
}

extension PublishedPort {
    /// What can be published once only.
    package var key: String { "\(nodePort)/\(transport)" }
}
