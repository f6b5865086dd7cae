// A test needs one import: `import ClusterFixture` brings clusters, nodes and errors with it.
@_exported public import ClusterEmulation
