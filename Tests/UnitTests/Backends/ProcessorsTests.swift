import Testing

@testable import ClusterEmulation

@Suite struct ProcessorsTests {
    @Test(arguments: [("0", [0]), ("0-3", [0, 1, 2, 3]), ("0-1,4,6-7", [0, 1, 4, 6, 7])])
    func aListIsReadAsTheKernelWritesIt(text: String, numbers: [Int]) {
        #expect(Processors(text)?.numbers == numbers)
    }

    @Test(arguments: ["", "a", "1-", "-", "3-1", "1-2-3"]) func anythingElseIsNone(text: String) {
        #expect(Processors(text) == nil)
    }

    @Test func nodesGetTheirsInTurn() {
        let four = Processors(numbers: [0, 1, 2, 3])
        #expect((0..<3).map { four.share(1, $0)?.description } == ["0", "1", "2"])
        #expect((0..<3).map { four.share(2, $0)?.description } == ["0,1", "2,3", "0,1"])
        #expect((0..<3).map { four.share(3, $0)?.description } == ["0,1,2", "0,1,3", "0,2,3"])
    }

    #if os(Linux)
    @Test func noMoreThanThisMachineHasAreGiven() throws {
        let count = try #require(Processors.online).numbers.count
        try Processors.check(NodeLimits(processors: Double(count)))
        let error = try #require(throws: ClusterError.self) { try Processors.check(NodeLimits(processors: 1e300)) }
        #expect(error.message == "A node can't use 1e+300 processors: this machine has \(count).")
    }
    #endif

    @Test(arguments: [nil, 0.5, 1.5, 4, 8]) func whatIsNoWholeNumberBelowTheirsIsNotShared(limit: Double?) {
        #expect(Processors(numbers: [0, 1, 2, 3]).share(limit, 0) == nil)
    }
}
