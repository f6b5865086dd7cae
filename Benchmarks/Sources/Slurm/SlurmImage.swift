import Foundation

/// The node image with Slurm's packages in one more layer, made as the library makes it; built once.
final class SlurmImage {
    private let workshop: Workshop
    private lazy var built = Result { try build() }

    init(_ workshop: Workshop) { self.workshop = workshop }

    /// The image's name. The workshop's sweep removes it.
    func name() throws -> String { try built.get() }

    private func build() throws -> String {
        let (below, context) = (try workshop.image(), workshop.folder + "/slurm-context")
        try FileManager.default.createDirectory(atPath: context, withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: Machine.package + "/docker/provision.sh", toPath: context + "/provision.sh")
        for (file, text) in [
            ("packages", "munge\nslurm-client\nslurmctld\nslurmd\n"),
            (
                "Dockerfile",
                """
                FROM \(below)
                COPY . /opt/cluster-fixture/addition
                RUN /opt/cluster-fixture/addition/provision.sh add

                """
            ),
        ] {
            try text.write(toFile: "\(context)/\(file)", atomically: false, encoding: .utf8)
        }
        let name = workshop.name + ":slurm"
        try Spawn.run(["docker", "build", "--force-rm", context, "--tag", name])
        return name
    }
}
