// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors, for the releases of Swift and the system that the tests run on. A later release has new warnings,
// and whoever builds a clone with it must not be stopped by them. In packages that depend on this one, SwiftPM leaves the
// setting out, unless they name a checkout by its path. It is here and not an argument of `./test`, which would then build
// everything a second time.
#if compiler(<6.4)
let warnings: [SwiftSetting] = [.treatAllWarnings(as: .error, .when(platforms: [.linux]))]
let strictC: [CSetting] = [.treatAllWarnings(as: .error, .when(platforms: [.linux]))]
#else
let warnings: [SwiftSetting] = []
let strictC: [CSetting] = []
#endif

let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + warnings

let package = Package(
    name: "ClusterFixture",
    platforms: [.macOS(.v13)],
    products: [
        .library(name: "ClusterFixture", targets: ["ClusterFixture"]),
        .library(name: "ClusterEmulation", targets: ["ClusterEmulation"]),
        .executable(name: "cluster-fixture", targets: ["cluster-fixture"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        // swift-subprocess's own dependency, whose FilePath and FileDescriptor stand in its interface.
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        // For files of clusters, which the command reads, and for files of hosts, which the hosts backend reads.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(
            name: "ClusterEmulation",
            dependencies: [
                "CBuildContext",
                "CScripts",
                .target(name: "CNamespaces", condition: .when(platforms: [.linux])),
                .target(name: "CLibcrypto", condition: .when(platforms: [.linux])),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .target(name: "CBuildContext", cSettings: strictC),
        .target(
            name: "CScripts",
            exclude: [
                "hold-host.sh", "in-host.sh", "reap-hosts.sh",
                "reaper.sh", "reap-docker.sh", "relay.sh", "ssh-client.sh", "send-files.sh", "receive-files.sh",
                "end-session.sh", "prepare-inside.sh", "run-inside.sh", "start-slurm.sh", "prove-slurm.sh",
                "start-program.sh",
                "prove-dask.py", "prove-jupyter.py", "break-ssh.sh", "break-names.py", "set-clock.sh",
                "examine-node.sh",
                "timeline.html",
            ],
            cSettings: strictC),
        .target(name: "CNamespaces", cSettings: strictC),
        .target(name: "CLibcrypto", cSettings: strictC),
        .target(name: "ClusterFixture", dependencies: ["ClusterEmulation"], swiftSettings: strict),
        .target(
            name: "ClusterFile", dependencies: ["ClusterEmulation", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .executableTarget(
            name: "cluster-fixture",
            dependencies: [
                "CScripts", "ClusterEmulation", "ClusterFile",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "FixtureTestSupport",
            dependencies: ["ClusterEmulation", .product(name: "Subprocess", package: "swift-subprocess")],
            path: "Tests/Support", swiftSettings: strict),
        .executableTarget(
            name: "Victim", dependencies: ["ClusterEmulation", "FixtureTestSupport"], path: "Tests/Victim",
            swiftSettings: strict),
        // What needs no backend: `./test unit` runs it in seconds, with nothing prepared.
        .testTarget(
            name: "UnitTests",
            dependencies: [
                "ClusterFixture", "ClusterFile", "FixtureTestSupport", "cluster-fixture",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ClusterFixtureTests",
            dependencies: [
                "ClusterFixture", "FixtureTestSupport", "Victim", "cluster-fixture",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            exclude: [
                "Clients/clients.py", "Clients/configured.py", "Clients/configured.rb", "Evidence/at_terminal.py",
                "Faults/meet.py", "Services/allreduce.c",
            ],
            swiftSettings: strict),
        .target(
            name: "TerrainPipeline",
            dependencies: ["ClusterEmulation"],
            path: "Examples/TerrainPipeline",
            resources: [.copy("python")],
            swiftSettings: strict),
        .executableTarget(
            name: "ClusterDemo",
            dependencies: ["ClusterEmulation", "TerrainPipeline"],
            path: "Examples/Demo",
            swiftSettings: strict),
        .testTarget(
            name: "ExampleDaskTests",
            dependencies: ["ClusterFixture", "FixtureTestSupport", "TerrainPipeline"],
            exclude: [
                "JobQueue/squares.py", "Laserfarm/make_tile.py", "Laserfarm/pipelines.py", "Resilience/squares.py",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ExampleEtcdTests",
            dependencies: ["ClusterFixture", "FixtureTestSupport"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
