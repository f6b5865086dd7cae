// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "UserPackage",
    platforms: [.macOS(.v13)],
    dependencies: [
        // The name is what `package:` refers to below, whatever the folder is called. From elsewhere, give the URL.
        .package(name: "ClusterFixture", path: "../..")
    ],
    targets: [
        .testTarget(
            name: "UserPackageTests", dependencies: [.product(name: "ClusterFixture", package: "ClusterFixture")])
    ]
)
