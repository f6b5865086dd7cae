#if os(Linux)
import Foundation

extension NamespaceCluster: NodeEnds {
    func endDates() async throws -> [String: Date] {
        try await explainingLoss {
            let connection = try connected()
            // Others are told of the ends before their time when they connect.
            guard connection.isMakers else { return [:] }
            let dates = connection.reports.endDates
            return Dictionary(
                uniqueKeysWithValues: nodes.enumerated().compactMap { index, node in
                    dates[index].map { (node.name, $0) }
                })
        }
    }
}
#endif
