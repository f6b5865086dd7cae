import ClusterEmulation
import FixtureTestSupport
import Testing

extension ServersTests {
    /// A database that follows another.
    @Suite struct ReplicationTests {
        @Test(arguments: try await BackendUnderTest.usable())
        func postgresqlStreamsToAStandbyThatTakesOver(backend: BackendUnderTest) async throws {
            try await ServersTests.withServers(nodes: 2, backend) { cluster in
                let (primary, standby) = (cluster[0], cluster[1])
                try await primary.root(
                    """
                    set -e
                    pg_conftool set listen_addresses '*'
                    echo 'host replication replicator samenet trust' >>"$(pg_conftool -s show hba_file)"
                    service postgresql start
                    """)
                try await primary.query("create role replicator replication login; create table words (word text)")
                try await standby.root(
                    """
                    set -e
                    data=$(pg_conftool -s show data_directory)
                    rm -r "$data"
                    runuser -u postgres -- pg_basebackup -h node1 -U replicator -D "$data" -R --checkpoint=fast
                    service postgresql start
                    """)
                #expect(try await standby.query("select pg_is_in_recovery()") == "t\n")
                #expect(
                    try await eventually {
                        try await primary.query("select client_addr, state from pg_stat_replication")
                            == "\(standby.ip)|streaming\n"
                    })
                try await primary.query("insert into words values ('streamed')")
                #expect(try await eventually { try await standby.query("select * from words") == "streamed\n" })
                let refused = try await standby.psql("insert into words values ('refused')")
                #expect(refused.standardError.contains("read-only transaction"), "\(refused)")
                try await primary.kill()
                try await standby.query("select pg_promote()")
                try await standby.query("insert into words values ('promoted')")
                #expect(try await standby.query("select * from words") == "streamed\npromoted\n")
            }
        }
    }
}

extension Node {
    fileprivate func psql(_ statement: String) async throws -> CommandResult {
        let words = ["runuser", "-u", "postgres", "--", "psql", "--no-align", "--tuples-only", "--quiet", "-c"]
        return try await run(words + [statement], as: .root, timeout: .seconds(60))
    }

    @discardableResult
    fileprivate func query(_ statement: String) async throws -> String {
        try await psql(statement).requireSuccess().standardOutput
    }
}
