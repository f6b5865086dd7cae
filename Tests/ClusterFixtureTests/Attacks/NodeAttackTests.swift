#if os(Linux)
import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

/// What root of a node without an engine tries against this machine, and what comes of it.
@Suite(.requiresNamespaces, .timeLimit(.minutes(5)))
struct NodeAttackTests {
    /// Calls each of these with arguments that are all zero, or as given, and prints those that the kernel lets through to
    /// where it looks at them: what is forbidden fails with EPERM, or with ENOSYS, and with nothing else.
    private static let forbiddenCalls = """
        import ctypes, errno, os
        libc = ctypes.CDLL(None, use_errno=True)
        calls = {
            "open_by_handle_at": 304, "fanotify_init": 300, "quotactl": 179, "bpf": 321, "perf_event_open": 298,
            "userfaultfd": 323, "io_uring_setup": 425, "init_module": 175, "finit_module": 313, "kexec_load": 246,
            "syslog": 103, "add_key": 248, "request_key": 249, "keyctl": 250, "clone3": 435, "swapon": 167,
            "settimeofday": 164, "acct": 163, "iopl": 172, "what may come": 499, "x32": 0x40000000 + 39,
        }
        for name, number in calls.items():
            result = libc.syscall(number, 0, 0, 0, 0, 0)
            if result != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
                print(name, result, ctypes.get_errno())
        # AF_VSOCK: virtual machines and what runs them
        if libc.socket(40, 1, 0) != -1: print("vsock")
        # CLONE_NEWCGROUP, which with users of its own would show this machine's control groups
        flag = 0x02000000
        if libc.syscall(272, flag | 0x10000000) != -1: print("unshare")
        child = libc.syscall(56, flag | 0x10000000 | 17, 0, 0, 0, 0)
        if child == 0: os._exit(0)
        if child != -1: print("clone")
        """

    @Test(.enabled("the numbers are those of x86-64") { isX86 })
    func whatReachesBeyondANodeIsForbidden() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            for user in User.allCases {
                let result = try await cluster[0].run(
                    ["python3", "-"], as: user, standardInput: Self.forbiddenCalls)
                #expect(result.exitCode == 0)
                #expect(result.standardOutput == "", "\(result.standardOutput)\(result.standardError)")
            }
        }
    }

    /// The same calls have other numbers for programs of 32 bits, which any program can pretend to be.
    private static let oldCall = """
        import ctypes, mmap
        # mov eax, 310 (unshare); mov ebx, 0x12000000 (CLONE_NEWUSER, CLONE_NEWCGROUP); int 0x80; ret
        code = bytes([0x53, 0xb8, 0x36, 1, 0, 0, 0xbb, 0, 0, 0, 0x12, 0xcd, 0x80, 0x5b, 0xc3])
        area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        area.write(code)
        address = ctypes.addressof(ctypes.c_char.from_buffer(area))
        print(ctypes.CFUNCTYPE(ctypes.c_int)(address)())
        """

    @Test(.enabled("the instructions are those of x86-64") { isX86 })
    func theOldWayIntoTheKernelIsClosed() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let result = try await cluster[0].run(["python3", "-"], as: .root, standardInput: Self.oldCall)
            // ENOSYS; a kernel without it ends the program.
            #expect(["-38\n", ""].contains(result.standardOutput), "\(result)")
        }
    }

    @Test func thisMachinesControlGroupsAreOutOfReach() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let attack = """
                unshare --user --map-root-user --mount --cgroup sh -ec '
                    mount -t cgroup -o freezer freezer /mnt || mount -t cgroup2 cgroup2 /mnt
                    ls /mnt'
                """
            for line in [attack, "mount -t cgroup -o freezer freezer /mnt", "mount -t cgroup2 cgroup2 /mnt"] {
                let result = try await cluster[0].run(line, as: .root)
                #expect(result.exitCode != 0)
                #expect(result.standardError.lowercased().contains("permi"), "\(result.standardError)")
            }
        }
    }

    /// Root of a node may take sockets out of all processes that it may look into, sshd's too. None is of this machine's network: the
    /// node's first process, which nobody may look into, has those.
    @Test(.enabled("the numbers are those of x86-64") { isX86 })
    func noSocketOfThisMachinesNetworkIsInReach() async throws {
        let attack = """
            import ctypes, fcntl, os, socket, struct
            libc = ctypes.CDLL(None, use_errno=True)
            network = os.stat("/proc/self/ns/net").st_ino
            taken = seen = 0
            for process in filter(str.isdigit, os.listdir("/proc")):
                pidfd = libc.syscall(434, int(process), 0)
                if pidfd < 0: continue
                for number in range(64):
                    # pidfd_getfd
                    copy = libc.syscall(438, pidfd, number, 0)
                    if copy < 0: continue
                    try:
                        # SIOCGSKNS tells whose network it is of; who may not ask, tries all the same.
                        own = os.fstat(fcntl.ioctl(copy, 0x894c)).st_ino == network
                    except OSError:
                        own = None
                    try:
                        there = socket.socket(fileno=copy)
                        if there.family != socket.AF_INET: continue
                        request = struct.pack("16sH14s", b"lo", 0, b"")
                        flags = struct.unpack("16sH14s", fcntl.ioctl(there, 0x8913, request))[1]
                        if own:
                            seen += 1
                            continue
                        taken += 1
                        # The same flags again, which changes nothing if it succeeds.
                        fcntl.ioctl(there, 0x8914, struct.pack("16sH14s", b"lo", flags, b""))
                        print("changed", process, number)
                    except OSError:
                        pass
            print("seen", seen > 0, "taken", taken)
            """
        try await withCluster(backend: .namespaces) { cluster in
            let result = try await cluster[0].run(["python3", "-"], as: .root, standardInput: attack)
            #expect(result.standardOutput == "seen True taken 0\n", "\(result.standardError)")
        }
    }

    @Test(.enabled("only root may make control groups here") { geteuid() == 0 })
    func aLimitedNodesGroupIsTheRootOfAllGroups() async throws {
        try await withCluster(backend: .namespaces, configure: { $0.limits.memory = 128 << 20 }) { cluster in
            let node = cluster[0]
            let groups = try await node.run("cut -d: -f3 /proc/self/cgroup").lines
            #expect(Set(groups) == ["/"])
            // Whichever of them the kernel has: none shows another group, or lets this one be changed.
            let look = """
                for type in freezer cpu memory pids; do mount -t cgroup -o $type $type /mnt 2>/dev/null && echo $type && break; done ||
                    mount -t cgroup2 cgroup2 /mnt
                find /mnt -mindepth 1 -type d
                for file in /mnt/memory.max /mnt/memory.limit_in_bytes /mnt/cgroup.procs; do
                    [ ! -e $file ] || ! echo 9000000000 >$file || echo "wrote $file"
                done 2>/dev/null
                """
            let seen = try await node.run(look, as: .root).lines
            #expect(seen.filter { $0.contains("/") } == [])
        }
    }

    /// The kernel keeps keys by the number of their user, in whatever namespace that is.
    @Test func thisUsersKeyringIsNotTheNodes() async throws {
        let name = "cluster-fixture-\(UUID().uuidString)"
        let program = """
            import ctypes, sys
            libc = ctypes.CDLL(None, use_errno=True)
            if sys.argv[1] == "add":
                print(libc.syscall(248, b"user", sys.argv[2].encode(), b"secret", 6, -4))
            elif sys.argv[1] == "find":
                print(libc.syscall(250, 10, -4, b"user", sys.argv[2].encode(), 0))
            else:
                print(libc.syscall(250, 9, int(sys.argv[2]), -4, 0, 0))
            """
        let added = try await Command("python3", ["-c", program, "add", name]).output().lines
        let key = try #require(added.first.flatMap { Int($0) })
        try #require(key > 0)
        try await withCluster(backend: .namespaces) { cluster in
            #expect(try await Command("python3", ["-c", program, "find", name]).output().lines == ["\(key)"])
            let found = try await cluster[0].run(["python3", "-c", program, "find", name], as: .root)
            #expect(found.lines == ["-1"])
            #expect(try await cluster[0].run("cat /proc/keys /proc/key-users", as: .root).standardOutput == "")
        }
        #expect(try await Command("python3", ["-c", program, "unlink", "\(key)"]).output().lines == ["0"])
    }

    /// Whatever a node's first process and its sshd have open, the node can't change and can't fill this machine by it.
    @Test func aNodesLogGrowsToALimitAndNothingElseOfItChanges() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let folder = URL(fileURLWithPath: cluster.inventory.sshConfig).deletingLastPathComponent().path
            let attack = """
                for file in /proc/[0-9]*/fd/*; do
                    case $(readlink "$file") in *log*) echo "$file is a log of this machine's" ;; esac
                done 2>/dev/null
                for process in /proc/[0-9]*; do
                    [ "$(cat "$process/comm")" = sshd ] && [ -w "$process/fd/2" ] || continue
                    chmod 0777 "$process/fd/2"; chown ubuntu "$process/fd/2"
                    head -c 20M /dev/zero | tr '\\0' x >"$process/fd/2"
                done 2>/dev/null
                """
            #expect(try await cluster[0].run(attack, as: .root).standardOutput == "")
            // What any client can do: each login that fails is a line. What is longest in it, the client chooses.
            let name = String(repeating: "x", count: 1000)
            let flood = """
                for i in $(seq 50); do
                    python3 -c 'import socket
                s = socket.create_connection(("127.0.0.1", 22))
                s.sendall(b"SSH-2.0-\(name)" + bytes([13, 10]))'
                done
                """
            _ = try await cluster[0].run(flood)
            let log = folder + "/logs/node1.log"
            let attributes = try FileManager.default.attributesOfItem(atPath: log)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(attributes[.ownerAccountID] as? Int == Int(geteuid()))
            #expect(try #require(attributes[.size] as? Int) <= 5 << 20)
        }
    }

    @Test func sharedMemoryIsLimitedAndNoNodeEndsByIt() async throws {
        try await withCluster(backend: .namespaces) { cluster in
            let filling = try await cluster[0].run("head -c 1G /dev/zero >/dev/shm/full")
            #expect(filling.standardError.contains("No space left on device"))
            #expect(try await cluster[0].run("stat --format=%s /dev/shm/full").standardOutput == "\(64 << 20)\n")
        }
    }

    @Test(.enabled("only root may make control groups here") { geteuid() == 0 })
    func filesNeverTakeAllOfALimitedNodesMemory() async throws {
        let limits = NodeLimits(memory: 64 << 20)
        try await withCluster(backend: .namespaces, configure: { $0.limits = limits }) { cluster in
            for place in ["/dev/shm", "/tmp", "/var/tmp", "/run", "/etc"] {
                let filling = try await cluster[0].run("head -c 1G /dev/zero >\(place)/full", as: .root)
                #expect(filling.standardError.contains("No space left on device"), "\(place)")
            }
            #expect(try await cluster[0].run("ssh localhost hostname").standardOutput == "node1\n")
        }
    }

    /// Whatever an installer or an administrator left on this machine, for everybody or for root alone.
    @Test(.enabled("only root may write there") { geteuid() == 0 })
    func nothingOfThisMachinesFilesShowsThrough() async throws {
        let mark = "cluster-fixture-mark-\(UUID().uuidString)"
        let places = ["/etc", "/usr/bin", "/usr/local/bin", "/var/lib", "/opt", "/var/log", "/srv"]
        for place in places { try "secret".write(toFile: "\(place)/\(mark)", atomically: false, encoding: .utf8) }
        defer { for place in places { try? FileManager.default.removeItem(atPath: "\(place)/\(mark)") } }
        try await withCluster(backend: .namespaces) { cluster in
            let found = try await cluster[0].run("find / -xdev -name '\(mark)'", as: .root)
            #expect(found.standardOutput == "")
            let machine = try await cluster[0].run("cat /etc/machine-id", as: .root).standardOutput
            let here = (try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)) ?? "none"
            #expect(machine != here)
        }
    }

    static var isX86: Bool {
        #if arch(x86_64)
        true
        #else
        false
        #endif
    }
}
#endif
