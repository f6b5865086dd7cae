public import ClusterEmulation
public import Testing

extension Trait where Self == ConditionTrait {
    /// Skips a test, or a suite, where its nodes are not what it needs: existing machines (`CLUSTER_FIXTURE_HOSTS`) have no
    /// faults, say. The reason is told on standard error.
    ///
    /// ```swift
    /// @Test(ClusterFixture(nodes: 3), .requires(.faults))
    /// func survivesALostWorker() async throws { … }
    /// ```
    ///
    /// - Parameters:
    ///   - needs: What the test needs.
    ///   - backend: The backend of the test's fixture: a fixture that names one in code has it named here too.
    /// - Returns: The trait.
    public static func requires(_ needs: ClusterNeed..., on backend: BackendChoice = .automatic) -> Self {
        let names = needs.map(\.rawValue).joined(separator: ", ")
        return .enabled("its nodes don't have what it needs (\(names)); the reason is on standard error") {
            guard let lack = await backend.lack(of: needs) else { return true }
            Progress.say("a test that needs \(names) is skipped: \(lack)")
            return false
        }
    }
}
