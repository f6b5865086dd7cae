import Foundation

/// Columns as wide as they need be: the first to the left, all others to the right.
struct Table {
    private var rows: [[String]]

    init(_ header: String...) { self.init(header) }

    init(_ header: [String]) { rows = [header] }

    mutating func add(_ row: [String]) { rows.append(row) }

    func print(under title: String) {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        Console.say("\n\(title)\n")
        for row in rows {
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : space + row[column]
            }
            Console.say("  " + cells.joined(separator: "   "))
        }
    }

    static func cell(_ value: Double?, digits: Int = 3) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
}
