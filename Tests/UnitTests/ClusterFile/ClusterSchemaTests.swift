import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing
import Yams

@testable import ClusterFile

/// The schema in `docs` says what the parser takes.
@Suite struct ClusterSchemaTests {
    private static func schema() throws -> [String: Any] {
        let text = try Checkout.text(of: "docs/cluster.schema.json")
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Where in the schema each mapping of the parser is.
    private static let places = [
        "": [], "limits": ["properties", "limits"], "ports": ["properties", "ports", "items", "oneOf"],
        "mounts": ["properties", "mounts", "items"], "roles": ["properties", "roles", "items", "oneOf"],
        "site": ["properties", "site", "oneOf"], "services": ["properties", "services", "items", "oneOf"],
        "services/slurm": ["properties", "services", "items", "oneOf", "properties", "slurm"],
        "services/slurm/partitions": [
            "properties", "services", "items", "oneOf", "properties", "slurm", "properties", "partitions", "items",
            "oneOf",
        ],
        "services/sharedFolder": ["properties", "services", "items", "oneOf", "properties", "sharedFolder", "oneOf"],
        "image": ["$defs", "image", "oneOf"],
        "image/adding": ["$defs", "addition"],
        "image/dockerfile": ["$defs", "image", "oneOf", "properties", "dockerfile", "oneOf"],
        "image/node": ["$defs", "base"], "image/dask": ["$defs", "base"],
    ]

    @Test func itHasTheParsersNamesAndNoOthers() throws {
        #expect(Set(Self.places.keys) == Set(ClusterFile.names.keys))
        for (place, path) in Self.places {
            var value: Any = try Self.schema()
            for step in path {
                let found = try #require((value as? [String: Any])?[step], "\(place): \(step)")
                // Of two forms, the mapping.
                let forms = found as? [[String: Any]]
                value = forms.map { $0.first { $0["type"] as? String == "object" } ?? [:] } ?? found
            }
            let mapping = try #require(value as? [String: Any])
            #expect(mapping["additionalProperties"] as? Bool == false, "\(place)")
            let names = try #require(mapping["properties"] as? [String: Any]).keys
            #expect(Set(names) == Set(ClusterFile.names[place] ?? []), "\(place)")
        }
    }

    /// What JSON Schema can't know: which files are there, what goes together, and the sizes and names that only the parser knows.
    private static let beyondIt = [
        "6 MiB", "no such folder", "can be read", "can't be read", "twice", "parsing", "alias", "single document",
        "capability",
        "line break",
    ]

    /// Validates each line of standard input, a JSON document.
    private static let validator = """
        import json, sys, jsonschema
        validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
        for line in sys.stdin: print(int(validator.is_valid(json.loads(line))))
        """

    @Test(.requiresPythonModule("jsonschema")) func itTakesAndRefusesWhatTheParserDoes() async throws {
        let taken = [
            "nodes: 3", "image: dask", "image: {dask: {basedOn: 'debian:trixie'}, adding: [{packages: [tree]}]}",
            "image: {node: }",
            "{roles: [login, {name: compute, count: 3, image: dask, limits: {memory: 1g}, ports: [80], environment: {A: 1}}], site: university}",
            "services: [slurm, {dask: {scheduler: login, workers: node2}}, {jupyterLab: node1}, jupyter, {slurm: {accounting: yes, settings: {KillWait: 2}, partitions: [a, {name: b, nodes: [gpu, compute1], timeLimit: 60}]}}]",
            "{services: [shared-folder, {sharedFolder: /home}, {sharedFolder: {path: /shared, size: 1g}}]}",
            "services: [slurm, grid-engine, htcondor, {gridEngine: {slots: 3}}, {htCondor: }, {slurm: }]",
            "services: [{slurm: {pbsCommands: yes, accounting: no, settings: {KillWait: 2}, partitions: [a, {name: b, nodes: [compute], timeLimit: 60}]}}]",
            "site: {computeBehindLogin: yes, loginPorts: [22], firewall: [], submitsOnCompute: no, secondInterface: ib0, noWayOut: yes}",
            "limits: {memory: 512m, disk: 2G, processors: 0.5, coreFile: 0, openFiles: 4096}",
            "environment: {A: 1, B: yes, C: x}",
            "ports: [8787, {nodePort: 80, hostPort: 8080}]", "mounts: [{source: /tmp, target: /x, isReadOnly: true}]",
            "{outside: true, hostAccess: no, subnets: 10.77.0.0/16, ipv6: yes, sudo: on, capabilities: [SYS_PTRACE], readyWithin: 1.5, name: lab, backend: docker}",
        ]
        let refused = ClusterFileTests.refused.filter { !Self.beyondIt.contains($0.2) }.map(\.0)
        for text in taken { _ = try ClusterFile.parse(Data(text.utf8), named: "lab.yaml", folder: "/") }
        let documents = try (taken + refused).map { text in
            let value = try #require(try load(yaml: text))
            // A key of JSON is a text.
            let json =
                (value as? [AnyHashable: Any]).map { Dictionary(uniqueKeysWithValues: $0.map { ("\($0)", $1) }) }
                ?? value
            return String(decoding: try JSONSerialization.data(withJSONObject: json), as: UTF8.self) + "\n"
        }
        let words = ["-c", Self.validator, Checkout.path + "/docs/cluster.schema.json"]
        let output = try await Command("/usr/bin/python3", words).output(input: Array(documents.joined().utf8))
        try #require(output.lines.count == documents.count, "\(output.standardError)")
        for (index, (text, verdict)) in zip(taken + refused, output.lines).enumerated() {
            #expect(verdict == (index < taken.count ? "1" : "0"), "\(text)")
        }
    }
}
