import ClusterEmulation
import FixtureTestSupport
import Testing

extension SlurmTests {
    /// What is said when Slurm can't work.
    @Suite struct SlurmTroubleTests {
        /// Slurm with files of which one node has another version.
        private struct Spoilt: Service {
            var slurm = Slurm.slurm(readyWithin: .seconds(15))
            let node = "compute2"
            /// The file, and what is in it instead of what.
            let path: String
            let word: String
            let replacement: String
            /// What the login node does before anything is started, and once all is.
            var beforehand = "true"
            var afterwards = "true"

            var name: String { slurm.name }
            var readyWithin: Duration { slurm.readyWithin }

            func image(_ image: NodeImage) -> NodeImage { slurm.image(image) }

            func plan(for layout: ClusterLayout) throws -> ServicePlan {
                var plan = try slurm.plan(for: layout)
                guard let index = plan.files.firstIndex(where: { $0.path == path }) else { return plan }
                var other = plan.files[index]
                other.text =
                    (word.isEmpty ? replacement + (other.text ?? "") : other.text?.replacing(word, with: replacement))
                other.nodes = [node]
                plan.files[index].nodes = plan.nodes.filter { $0 != node }
                plan.files.append(other)
                return plan
            }

            func start(on nodes: ServiceNodes) async throws {
                try await nodes.run(beforehand, on: "login1").requireSuccess()
                try await slurm.start(on: nodes)
                try await nodes.run(afterwards, on: "login1").requireSuccess()
            }

            func prove(on nodes: ServiceNodes) async throws { try await slurm.prove(on: nodes) }
        }

        private func complaint(_ service: any Service, _ backend: BackendUnderTest) async -> ClusterError? {
            let configuration = ClusterConfiguration(
                roles: [.login, .compute(2)], services: [service], backend: backend.choice, name: "spoilt")
            let error = await #expect(throws: ClusterError.self) { try await withCluster(configuration) { _ in } }
            #expect(error?.code == .notReady)
            return error
        }

        @Test(arguments: try await BackendUnderTest.usable())
        func aMungeKeyThatDiffersIsNamed(backend: BackendUnderTest) async throws {
            let service = Spoilt(path: "/etc/munge/munge.key", word: "", replacement: "0")
            let error = await complaint(service, backend)
            #expect(
                error?.message
                    == "Service slurm of cluster spoilt was not ready on compute2, stage ready: its munge key is not the one of login1, so slurmctld refuses it."
            )
            #expect(error?.node == "compute2" && error?.log.contains("munged.log") == true, "\(error?.log ?? "")")
        }

        /// slurmctld finds it by itself after three seconds, but does not hear of what runs there.
        @Test(arguments: try await BackendUnderTest.usable())
        func aNodeThatDoesNotFindTheControllerIsNamed(backend: BackendUnderTest) async throws {
            let service = Spoilt(
                slurm: .slurm(readyWithin: .seconds(25)), path: "/etc/slurm/slurm.conf", word: "ClusterName=",
                replacement: "SlurmctldPort=6999\nClusterName=")
            let error = await complaint(service, backend)
            #expect(error?.node == "compute2")
            #expect(
                error?.message.contains("stage ready: no job could be run there: ") == true, "\(error?.message ?? "")")
            #expect(error?.log.contains("Unable to register") == true, "\(error?.log ?? "")")
        }

        @Test(arguments: try await BackendUnderTest.usable())
        func aNodeThatIsNotIdleIsNamed(backend: BackendUnderTest) async throws {
            var service = Spoilt(path: "", word: "", replacement: "")
            service.afterwards = "scontrol update NodeName=compute2 State=DOWN Reason=broken"
            let error = await complaint(service, backend)
            #expect(
                error?.message
                    == "Service slurm of cluster spoilt was not ready on compute2, stage ready: to slurmctld on login1 compute2 is down."
            )
        }

        @Test(arguments: try await BackendUnderTest.usable())
        func aPortThatIsTakenIsNamed(backend: BackendUnderTest) async throws {
            var service = Spoilt(path: "", word: "", replacement: "")
            service.beforehand = """
                setsid python3 -m http.server 6817 >/dev/null 2>&1 &
                until bash -c ': 3<>/dev/tcp/localhost/6817' 2>/dev/null; do sleep 0.01; done
                """
            let error = await complaint(service, backend)
            #expect(
                error?.message
                    == "Service slurm of cluster spoilt was not ready on login1, stage start: port 6817, which slurmctld needs, is taken."
            )
        }

        @Test(arguments: try await BackendUnderTest.usable())
        func aDaemonThatDoesNotStartIsNamed(backend: BackendUnderTest) async throws {
            let error = await complaint(.slurm(settings: ["NoSuchSetting": "1"]), backend)
            #expect(
                error?.node == "login1" && error?.message.contains("stage start: ") == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("slurmctld") == true && error?.log.contains("NoSuchSetting") == true)
            let spoilt = await complaint(
                Spoilt(path: "/etc/slurm/slurm.conf", word: "ClusterName=", replacement: "Nonsense=1\nClusterName="),
                backend)
            #expect(spoilt?.node == "compute2", "\(spoilt?.message ?? "")")
            #expect(spoilt?.message.contains("stage start: slurmd has ended: ") == true, "\(spoilt?.message ?? "")")
        }
    }
}
