// What a test imports is the whole: `import ClusterFixture` brings clusters, nodes and errors with it.
@_exported public import ClusterEmulation
