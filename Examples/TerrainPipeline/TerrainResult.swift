/// What the pipeline computed, and how.
public struct TerrainResult: Sendable, Decodable {
    /// The features of each tile, in the order of their numbers.
    public let tiles: [Tile]
    /// How many of the tiles each machine computed, by its host name.
    public let tilesByNode: [String: Int]
    /// The machines that were lost on the way.
    public let lostWorkers: [String]
    /// The tiles that were computed once more, because a lost machine took them down with it.
    public let recomputedTiles: [Int]
    /// How long Dask took, its own start and end included, in seconds.
    public let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case tiles, seconds
        case tilesByNode = "nodes"
        case lostWorkers = "lost_workers"
        case recomputedTiles = "recomputed_tiles"
    }
}

extension TerrainResult {
    /// A square of the terrain.
    public struct Tile: Sendable, Decodable {
        /// The tile's number, from 0.
        public let number: Int
        /// The host name of the machine that computed it.
        public let node: String
        /// The address of that machine.
        public let ip: String
        /// How many points the scan of the tile has.
        public let points: Int
        /// The features, as laserchicken computed them from the points.
        public let features: [String: Double]
        /// The same features, as the terrain's formula gives them.
        public let expected: [String: Double]

        private enum CodingKeys: String, CodingKey {
            case number = "tile"
            case node, ip, points, features, expected
        }
    }

    /// How far the features may be from the formula's: they are exact but for the rounding of means and roots.
    public static let tolerance = 1e-9

    /// The largest difference between a feature and the formula, of all tiles; infinite if a feature is missing.
    public var worstDifference: Double { tiles.map(\.worstDifference).max() ?? .infinity }
}

extension TerrainResult.Tile {
    /// The largest difference between a feature and the formula; infinite if a feature is missing.
    public var worstDifference: Double {
        guard features.keys == expected.keys else { return .infinity }
        return expected.map { name, value in abs(features[name, default: .infinity] - value) }.max() ?? .infinity
    }
}
