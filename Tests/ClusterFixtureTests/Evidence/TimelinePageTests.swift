import FixtureTestSupport
import Foundation
import Testing

@testable import ClusterEmulation

/// The page that tells what happened, as a person sees it in a browser.
@Suite(.requiresBackend, .requiresProgram("chromedriver"), .serialized, .timeLimit(.minutes(5)))
struct TimelinePageTests {
    @Test func thePageShowsWhatWasDownAndAsksNobodyForAnything() async throws {
        let backend = try #require(try await BackendUnderTest.usable().last)
        try await withCluster(nodes: 3, backend: backend.choice) { cluster in
            try await cluster[0].run(EvidenceTests.hostile)
            try await cluster[0].run("ls /nowhere", as: .root)
            let fault = cluster.timeline.beginFault("partition node1 | node2, node3")
            try await cluster[2].kill()
            cluster.timeline.note(.issue, "PipelineTests.swift:42: <b>node3</b> </script> is gone")
            cluster.timeline.endFault(fault)
            let evidence = await cluster.evidence(of: "survives </title><script>a lost worker")
            try await withTemporaryFolder { folder in
                try evidence.write(to: OwnFolder(folder))
                try await Browser.with { browser in
                    try await look(browser, "file://\(folder)/timeline.html")
                }
            }
        }
    }

    /// A run as users have them. Its pictures are the documentation's.
    @Test func whatBrokeARunIsSeenAtAGlance() async throws {
        let backend = try #require(try await BackendUnderTest.usable().last)
        let configuration = ClusterConfiguration(
            roles: [NodeRole("scheduler"), NodeRole("worker", 4)], backend: backend.choice, name: "resilience")
        let evidence = try await withCluster(configuration) { cluster in
            let pipeline = try await ResilienceRun(cluster: cluster).fail()
            let evidence = await cluster.evidence(of: "theSchedulerIsCutOff")
            pipeline.cancel()
            _ = await pipeline.result
            return evidence
        }
        try await withTemporaryFolder { folder in
            try evidence.write(to: OwnFolder(folder))
            try await Browser.with { browser in
                try await browser.resize(width: 1400, height: 740)
                try await browser.open("file://\(folder)/timeline.html")
                let standing: [String] = try await browser.evaluate(
                    "return [...document.querySelectorAll('.chip b')].map(name => name.textContent)")
                #expect(standing.starts(with: ["worker3", "5 nodes", "scheduler1"]), "\(standing)")
                let tests: [String] = try await browser.evaluate(
                    "return [...document.querySelectorAll('.bar.test')].map(bar => bar.textContent)")
                #expect(tests == ["everyTileIsComputed", "aKilledWorkerComesBack", "✕ theSchedulerIsCutOff"])
                for dark in [false, true] {
                    try await browser.prefer(dark: dark)
                    let picture = try await browser.screenshot("timeline\(dark ? "-dark" : "")")
                    #expect(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]))
                }
                #expect(try await browser.complaints() == [])
            }
        }
    }

    private func look(_ browser: Browser, _ address: String) async throws {
        _ = try await browser.requests()
        try await browser.open(address)
        try await browser.find(".row")
        let names: [String] = try await browser.evaluate(
            "return [...document.querySelectorAll('.row.node .name b')].map(name => name.textContent)")
        #expect(names == ["node1", "node2", "node3"])
        #expect(try await browser.title().hasPrefix("survives </title><script>a lost worker failed"))
        let standing: [String] = try await browser.evaluate(
            "return [...document.querySelectorAll('.chip')].map(chip => chip.innerText.replace(/\\s+/g, ' '))")
        try #require(standing.count == 2)
        #expect(standing[0].hasPrefix("node3 down: killed since "))
        #expect(
            standing[1].hasPrefix("3 nodes")
                || standing[1].hasPrefix("node1, node2, node3 partition node1 | node2, node3 since "))
        let bands: [String: Int] = try await browser.evaluate(
            "return Object.fromEntries(['fault', 'down'].map(kind => [kind, document.querySelectorAll('.band.' + kind).length]))"
        )
        #expect(bands == ["fault": 3, "down": 1])
        // A node's log, and a failed command's output, by a click.
        let log: String = try await browser.evaluate(
            """
            document.querySelector('.row.node .name').click()
            ;[...document.querySelectorAll('#tabs button')].find(tab => tab.textContent.startsWith('sshd')).click()
            return document.querySelector('#text').innerText
            """)
        #expect(log.contains("Accepted publickey"))
        let output: String = try await browser.evaluate(
            "document.querySelector('.bar.failed').click(); return document.querySelector('#panel').innerText")
        #expect(output.contains("ls /nowhere"))
        #expect(output.contains("No such file or directory"))
        #expect(output.contains("exit code 2"))
        let hostile: String = try await browser.evaluate(
            """
            ;[...document.querySelectorAll('.bar.command')].find(bar => bar.title.includes('script')).click()
            return document.querySelector('#panel pre').textContent
            """)
        #expect(hostile.contains(#"</script><script>document.title = "broken"</script><!-- &amp; " \u2028"#))
        // By the keyboard alone.
        let focused: String = try await browser.evaluate(
            """
            const press = key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
            document.querySelector('.row.node .name').focus()
            press('ArrowDown'); press('ArrowDown'); press('ArrowRight')
            return document.activeElement.getAttribute('aria-label')
            """)
        #expect(focused.contains("node3"))
        let bars: Int = try await browser.evaluate(
            "return document.querySelectorAll('.bar:not([aria-label]), .band:not([aria-label])').length")
        #expect(bars == 0)
        #expect(try await browser.complaints() == [])
        let requests = try await browser.requests()
        #expect(requests.allSatisfy { $0 == address || $0.hasPrefix("data:") }, "\(requests)")
        try await browser.resize(width: 390, height: 844, isPhone: true)
        let overflow: Int = try await browser.evaluate(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        #expect(overflow == 0, "the page is as wide as a phone")
        _ = try await browser.screenshot("timeline-phone")
    }
}
