import Foundation

/// Records what each node sends and gets, by tcpdump on the node: it works on every backend, without rights on this machine.
///
/// The records are in the cluster's folder, so that they outlive the node.
struct PacketCapture: Service {
    let name = "packets"

    /// Where the nodes see the folder for the records.
    static let folder = "/var/lib/cluster-fixture/packets"

    private static let log = "/var/log/tcpdump.log"

    func image(_ image: NodeImage) -> NodeImage { image.adding(packages: ["tcpdump"]) }

    func plan(for layout: ClusterLayout) throws -> ServicePlan {
        ServicePlan(on: layout.nodes.map(\.name), logs: [Self.log])
    }

    func start(on nodes: ServiceNodes) async throws {
        let gate = Gate.programs()
        try await nodes.onEach { node in
            try await gate.pass { try await Self.start(on: node, of: nodes.cluster) }
        }
    }

    /// It is recorded from then on that it is started.
    func prove(on nodes: ServiceNodes) async throws {}

    /// Goes on with a node that was started again, in another file.
    static func resume(on node: String, of cluster: any BackendCluster) async throws {
        guard FileManager.default.fileExists(atPath: cluster.summary.workspace.packetsFolder) else { return }
        try await start(on: node, of: cluster)
    }

    private static func start(on node: String, of cluster: any BackendCluster) async throws {
        // Packets are written as they come, and into two files in turn, of 8 MB each. It keeps to what the node itself gets (-p), and stays
        // root (-Z), whose the folder is.
        let line = """
            log=$1
            rm -f "$log"
            setsid tcpdump -i any -p -n -U --immediate-mode -s 0 -Z root -C 8 -W 2 -w "$2.$(date +%s%N)." </dev/null >/dev/null 2>"$log" &
            until grep -q 'listening on' "$log" 2>/dev/null; do
                kill -0 $! 2>/dev/null || { cat "$log" >&2; exit 1; }
                sleep 0.01
            done
            """
        let words = ["sh", "-c", line, "sh", log, "\(folder)/\(node)"]
        let output = try await cluster.execute(words, on: node)
        guard output.succeeded else {
            throw ClusterError(
                .notReady, "The packets of \(node) can't be recorded.", node: node,
                log: ClusterError.lastLines(output.complaint), remedy: "See whether its image has tcpdump.")
        }
    }
}

/// The packets of one node, put together from its records.
struct PacketFile {
    private let node: String
    private let folder: String

    init(of node: String, in folder: String) { (self.node, self.folder) = (node, folder) }

    /// They in one file as `tcpdump -r` reads it; nil if there are none.
    var data: Data? {
        let records = names.compactMap { record("\(folder)/\($0)") }.sorted { $0.first < $1.first }
        guard let head = records.first?.data.prefix(Self.head) else { return nil }
        return records.reduce(into: Data(head)) { $0 += $1.data.dropFirst(Self.head) }
    }

    /// The length of a file's own header, and of the one that each packet has.
    private static let head = 24
    private static let packetHead = 16
    /// Twice as much as tcpdump is told to write.
    private static let largest = 20 << 20

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(node + ".") }
    }

    /// A record up to its last whole packet, and when it begins. A node's root may have put anything there: nothing is followed, waited
    /// for, or believed.
    private func record(_ path: String) -> (first: UInt64, data: Data)? {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let data = try? handle.read(upToCount: Self.largest), data.count >= Self.head + Self.packetHead
        else { return nil }
        func number(_ place: Int) -> UInt32 {
            data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
        }
        // Of this machine's own byte order, with micro- or nanoseconds.
        guard [0xa1b2_c3d4, 0xa1b2_3c4d].contains(number(0)) else { return nil }
        var end = Self.head
        while end + Self.packetHead <= data.count {
            let next = end + Self.packetHead + Int(number(end + 8))
            guard next <= data.count else { break }
            end = next
        }
        let first = UInt64(number(Self.head)) << 32 | UInt64(number(Self.head + 4))
        return (first, data.prefix(end))
    }
}
