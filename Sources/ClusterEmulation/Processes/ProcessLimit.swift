#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A limit of each process on a node (setrlimit(2)), which is never what the caller's shell happens to have.
package struct ProcessLimit: Sendable, Hashable {
    package enum Resource: String, CaseIterable, Sendable {
        case openFiles, processes, stack, lockedMemory, coreFile
    }

    package let resource: Resource
    /// The soft limit; nil is as much as may be.
    package let soft: UInt64?
    /// Whether it is the hard limit as well: whether somebody has asked for it.
    package let isHard: Bool

    /// Those of a node, in the order of their names.
    package static func all(_ limits: NodeLimits) -> [ProcessLimit] {
        Resource.allCases.map { resource in
            let asked = limits[keyPath: resource.setting]
            return ProcessLimit(
                resource: resource, soft: asked.map(UInt64.init) ?? resource.standard, isHard: asked != nil)
        }
    }
}

extension ProcessLimit.Resource {
    /// What an engine's `--ulimit` calls it, and limits.conf(5).
    package var name: String {
        switch self {
        case .openFiles: "nofile"
        case .processes: "nproc"
        case .stack: "stack"
        case .lockedMemory: "memlock"
        case .coreFile: "core"
        }
    }

    /// The letter of `ulimit` in every shell that has it, and its unit in bytes; nil if shells differ.
    var letter: (sign: Character, unit: UInt64)? {
        switch self {
        case .openFiles: ("n", 1)
        case .processes: nil
        case .stack: ("s", 1024)
        case .lockedMemory: ("l", 1024)
        case .coreFile: ("c", 512)
        }
    }

    /// The soft limit if nobody asks for another: what a login on Debian has. Nil is as much as may be.
    var standard: UInt64? {
        switch self {
        case .openFiles: 1024
        case .processes: nil
        case .stack, .lockedMemory: 8 << 20
        case .coreFile: 0
        }
    }

    /// The least with which sshd and a shell run.
    package var least: Int {
        switch self {
        case .openFiles: 32
        case .processes: 64
        case .stack: 256 << 10
        case .lockedMemory, .coreFile: 0
        }
    }

    /// The setting of a node's that asks for it.
    package var setting: WritableKeyPath<NodeLimits, Int?> {
        switch self {
        case .openFiles: \.openFiles
        case .processes: \.processes
        case .stack: \.stack
        case .lockedMemory: \.lockedMemory
        case .coreFile: \.coreFile
        }
    }

    /// For people.
    var description: String {
        switch self {
        case .openFiles: "open files"
        case .processes: "processes"
        case .stack: "bytes of stack"
        case .lockedMemory: "bytes of locked memory"
        case .coreFile: "bytes of a core file"
        }
    }
}
