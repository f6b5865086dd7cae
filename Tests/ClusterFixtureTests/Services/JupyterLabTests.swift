import ClusterEmulation
import FixtureTestSupport
import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// JupyterLab as a service: a person with the token works with it in a browser, and nobody without.
@Suite(.requiresBackend, .serialized, .timeLimit(.minutes(20))) struct JupyterLabTests {
    private static func withLab(
        _ backend: BackendUnderTest, _ body: @escaping @Sendable (Cluster) async throws -> Void
    ) async throws {
        try await withCluster(
            roles: [.login, .compute(2)], services: [.dask(), .jupyterLab(on: .login)], backend: backend.choice,
            body)
    }

    /// What Chromium saw, as elements of its page and as pictures.
    @Test(.requiresProgram("chromedriver"), arguments: try await BackendUnderTest.usable())
    func aBrowserShowsTheLabAndThroughItDasksDashboard(backend: BackendUnderTest) async throws {
        try await Self.withLab(backend) { cluster in
            let lab = try cluster.jupyterLab
            try await Browser.with { browser in
                try await browser.open(try lab.url)
                try await browser.find(".jp-LauncherCard[data-category=Notebook]")
                #expect(try await browser.title() == "JupyterLab")
                // One comes after the other.
                let cards = "[...document.querySelectorAll('.jp-LauncherCard')].map(card => card.title)"
                for card in ["Python 3 (ipykernel)", "Start a new terminal session"] {
                    try await browser.wait(until: "\(cards).includes('\(card)')")
                }
                let questions: Int = try await browser.evaluate(
                    "return document.querySelectorAll('.Toastify__toast, .jp-Dialog').length")
                #expect(questions == 0, "nobody is asked about news")
                #expect(try await browser.screenshot("jupyter-lab-\(backend)").starts(with: [0x89, 0x50, 0x4e, 0x47]))

                // The browser is known by now; its page gets what the workers say through a web socket.
                try await browser.open(try lab.url.replacing(/lab\?token=.*/, with: "proxy/8787/status"))
                #expect(try await browser.title().hasPrefix("Dask"))
                let models = "(window.Bokeh?.documents ?? []).flatMap(page => [...page._all_models.values()])"
                try await browser.wait(
                    until: "\(models).some(model => model.type == 'ColumnDataSource' && model.data.cpu?.length == 2)")
                let pages: [String] = try await browser.evaluate(
                    "return [...document.querySelectorAll('a')].map(link => link.innerText.trim())")
                #expect(pages.contains("Workers") && pages.contains("Profile"), "\(pages)")
                #expect(
                    try await browser.screenshot("jupyter-dashboard-\(backend)").starts(with: [0x89, 0x50, 0x4e, 0x47]))
            }
        }
    }

    @Test(arguments: try await BackendUnderTest.usable())
    func onlyTheTokenLetsIn(backend: BackendUnderTest) async throws {
        try await Self.withLab(backend) { cluster in
            let lab = try cluster.jupyterLab
            let (port, node) = (try #require(cluster["login1"].publishedPorts[8888]), cluster["login1"])
            #expect(try lab.url == "http://127.0.0.1:\(port)/lab?token=\(lab.token)")
            #expect(lab.token.wholeMatch(of: /[0-9a-f]{32}/) != nil)
            for page in ["/api/contents", "/proxy/8787/status"] {
                #expect(try await Self.status(of: "http://127.0.0.1:\(port)\(page)") != 200, "\(page)")
                #expect(try await Self.status(of: "http://127.0.0.1:\(port)\(page)?token=guess") != 200, "\(page)")
                #expect(try await Self.status(of: lab.url(of: page)) == 200, "\(page)")
            }
            // It stands in no command line, no variable and no log, and in a file of the user's alone.
            let look = """
                cat >token
                cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /var/log/*.log 2>/dev/null | grep -acFf token
                grep -rlFf token /etc /run /opt /usr/local/etc /var/log | xargs stat -c '%n %U %a'
                """
            let files = try await node.run(look, as: .root, standardInput: lab.token + "\n")
            #expect(files.lines == ["0", "/etc/cluster-fixture/jupyter/jupyter_server_config.json ubuntu 600"])
            if backend == .docker {
                let containers = try await DockerEngine().ask(
                    ["ps", "--quiet", "--no-trunc", "--filter", "label=org.clusterfixture.cluster=\(cluster.id)"]
                ).lines
                #expect(containers.count == 3)
                let told = try await DockerEngine().ask(["inspect"] + containers)
                #expect(!told.standardOutput.contains(lab.token))
            }
        }
    }

    /// Does not follow where an answer leads: to the page on which people log in.
    private static func status(of address: String) async throws -> Int? {
        final class Stay: NSObject, URLSessionTaskDelegate {
            func urlSession(
                _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
                newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
            ) { completionHandler(nil) }
        }
        let session = URLSession(configuration: .ephemeral, delegate: Stay(), delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let (_, response) = try await session.data(from: try #require(URL(string: address)))
        return (response as? HTTPURLResponse)?.statusCode
    }

    /// A kernel that JupyterLab itself would start, on the login node.
    @Test(arguments: try await BackendUnderTest.usable())
    func aNotebookComputesOnTheDaskCluster(backend: BackendUnderTest) async throws {
        let program = """
            import nbclient, nbformat
            cells = [
                "from distributed import Client; import socket; client = Client()",
                "print(*sorted(client.run(socket.gethostname).values()))",
                "print(sum(client.gather(client.map(lambda n: n * n, range(100)))))",
            ]
            notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
            nbclient.execute(notebook)
            nbformat.write(notebook, "executed.ipynb")
            print("".join(output.text for cell in notebook.cells for output in cell.outputs))
            """
        try await Self.withLab(backend) { cluster in
            let node = cluster["login1"]
            let told = try await node.run(["python3", "-c", program], timeout: .seconds(120)).requireSuccess()
            #expect(told.lines.suffix(2) == ["compute1 compute2", "328350"], "\(told)")
            // It is in the folder that the lab shows.
            let contents = try #require(URL(string: try cluster.jupyterLab.url(of: "/api/contents/executed.ipynb")))
            let (data, _) = try await URLSession.shared.data(from: contents)
            #expect(String(decoding: data, as: UTF8.self).contains("328350"))
        }
    }

    /// JupyterLab after another service that has its port.
    @Test(arguments: try await BackendUnderTest.usable())
    func aPortThatIsTakenIsTold(backend: BackendUnderTest) async throws {
        struct Squatter: Service {
            let name = "squatter"
            func plan(for layout: ClusterLayout) throws -> ServicePlan { ServicePlan(on: [layout.login.name]) }
            func start(on nodes: ServiceNodes) async throws {
                let program = "setsid python3 -m http.server 8888 >/dev/null 2>&1 </dev/null &"
                try await nodes.run(program, on: nodes.names[0]).requireSuccess()
                try await nodes.waitForPort(8888, on: nodes.names[0])
            }
        }
        struct LateLab: Service {
            let lab = JupyterLab.jupyterLab()
            let name = "late"
            let dependencies = ["squatter"]
            func image(_ image: NodeImage) -> NodeImage { lab.image(image) }
            func plan(for layout: ClusterLayout) throws -> ServicePlan { try lab.plan(for: layout) }
            func start(on nodes: ServiceNodes) async throws { try await lab.start(on: nodes) }
            func prove(on nodes: ServiceNodes) async throws { try await lab.prove(on: nodes) }
        }
        let error = await #expect(throws: ClusterError.self) {
            try await withCluster(services: [Squatter(), LateLab()], backend: backend.choice) { _ in }
        }
        #expect(error?.code == .notReady && error?.node == "node1")
        #expect(error?.message.contains("Service late of cluster") == true, "\(error as Any)")
        #expect(error?.message.contains("port 8888") == true, "\(error as Any)")
    }
}
