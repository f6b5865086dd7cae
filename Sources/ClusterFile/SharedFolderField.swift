import ClusterEmulation

extension ServiceKind {
    /// Its path, or a mapping.
    static let sharedFolder = ServiceKind("sharedFolder") { entry in
        guard let entry else { return .sharedFolder("/home") }
        guard entry.isMapping else { return .sharedFolder(try entry.text()) }
        var folder: (path: String?, source: String?, size: Int?, rate: Int?) = (nil, nil, nil, nil)
        try entry.read(Field<(path: String?, source: String?, size: Int?, rate: Int?)>.sharedFolder, into: &folder)
        guard let path = folder.path else { throw entry.refusal("\(entry.name) has no path.") }
        return .sharedFolder(path, from: folder.source, size: folder.size, bytesPerSecond: folder.rate)
    }
}

extension Field<(path: String?, source: String?, size: Int?, rate: Int?)> {
    static var sharedFolder: [Field] {
        [
            Field("path") { entry, folder in folder.path = try entry.text() },
            Field("from") { entry, folder in folder.source = try entry.path() },
            Field("size") { entry, folder in folder.size = try entry.size() },
            Field("bytesPerSecond") { entry, folder in folder.rate = try entry.size() },
        ]
    }
}
