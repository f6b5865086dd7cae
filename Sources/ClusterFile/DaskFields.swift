import ClusterEmulation

extension ServiceKind {
    /// Where its page is.
    static let jupyterLab = ServiceKind("jupyterLab", aliases: ["jupyter"]) { entry in
        .jupyterLab(on: try entry?.placement() ?? .login)
    }

    /// Where its scheduler and its workers are.
    static let dask = ServiceKind("dask") { entry in
        var dask = DaskOptions()
        try entry?.read(Field<DaskOptions>.dask, into: &dask)
        return .dask(scheduler: dask.scheduler, workers: dask.workers)
    }
}

struct DaskOptions {
    var scheduler = Placement.login
    var workers = Placement.compute
}

extension Field<DaskOptions> {
    static var dask: [Field] {
        [
            Field("scheduler") { entry, dask in dask.scheduler = try entry.placement() },
            Field("workers") { entry, dask in dask.workers = try entry.placement() },
        ]
    }
}
