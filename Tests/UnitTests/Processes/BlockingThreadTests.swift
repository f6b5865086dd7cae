import ClusterEmulation
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct BlockingThreadTests {
    /// More than any address space has.
    private static let tooMuch = 1 << 47

    @Test func blockingWorkTakesNoThreadOfOthers() async {
        // Many times as many as there are processors wait for the last one to begin.
        let count = 8 * ProcessInfo.processInfo.activeProcessorCount
        let all = DispatchGroup()
        for _ in 0..<count { all.enter() }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask {
                    await BlockingThread.run {
                        all.leave()
                        return all.wait(timeout: .now() + 50) == .success
                    }
                }
            }
            for await isTogether in group { #expect(isTogether) }
        }
    }

    @Test func aThreadThatTheSystemRefusesIsAnError() {
        let error = #expect(throws: ClusterError.self) { try BlockingThread.start(stackSize: Self.tooMuch) {} }
        #expect(error?.code == .provisioningFailed)
        #expect(error?.message.contains("thread") == true, "\(error as Any)")
    }

    @Test func workIsDoneEvenWithoutAThread() async {
        #expect(await BlockingThread.run(stackSize: Self.tooMuch) { 7 } == 7)
    }
}
