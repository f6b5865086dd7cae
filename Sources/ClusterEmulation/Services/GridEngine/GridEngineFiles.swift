import Foundation

/// What Grid Engine finds on its nodes: bootstrap(5), sge_conf(5), sched_conf(5), and the objects of its queue as it spools them itself
/// ("classic" spooling: a text for each).
struct GridEngineFiles: Sendable {
    let layout: ClusterLayout
    let slots: Int?

    static let cell = "/var/lib/gridengine/default/common"
    static let spool = "/var/spool/gridengine/qmaster"
    private static let admin = "sgeadmin"

    var all: [ServiceFile] { everywhere + master }

    /// What Grid Engine calls the nodes that compute.
    private var compute: [String] { layout.computeNodes.map(name) }

    /// What it calls a node: by the name that the node has in the network of a second interface, if there is one.
    func name(of node: ClusterLayout.Node) -> String {
        layout.site.secondInterface.map { "\(node.name)-\($0)" } ?? node.fqdn
    }

    /// Those who may submit jobs.
    private var submitHosts: Set<String> {
        Set([name(of: layout.login)] + (layout.site.submitsOnCompute ? compute : []))
    }

    /// Those whose execd may report: all that compute; and the one where root manages.
    private var adminHosts: Set<String> { Set([name(of: layout.login)] + compute) }

    private var everywhere: [ServiceFile] {
        [
            ServiceFile(Self.cell + "/bootstrap", Self.bootstrap, owner: Self.admin),
            ServiceFile(Self.cell + "/act_qmaster", name(of: layout.login) + "\n", owner: Self.admin),
        ] + (layout.site.secondInterface == nil ? [] : [aliases])
    }

    /// host_aliases(5): the first name of a line is the one by which a host is known and reached.
    private var aliases: ServiceFile {
        let lines = layout.nodes.map { "\(name(of: $0)) \($0.fqdn) \($0.name)\n" }
        return ServiceFile(Self.cell + "/host_aliases", lines.joined(), owner: Self.admin)
    }

    private var master: [ServiceFile] {
        let objects =
            [
                ("managers", "root\n\(Self.admin)\n"), ("jobseqnum", "0\n"), ("arseqnum", "0\n"),
                ("cqueues/all.q", queue),
            ]
            + adminHosts.sorted().map { ("admin_hosts/\($0)", "hostname \($0)\n") }
            + submitHosts.sorted().map { ("submit_hosts/\($0)", "hostname \($0)\n") }
            + compute.map { ("exec_hosts/\($0)", Self.executionHost($0)) }
            + compute.map { ("qinstances/all.q/\($0)", Self.queueInstance($0)) }
            + [("smp", "$pe_slots"), ("mpi", "$fill_up"), ("make", "$round_robin")]
            .map { ("pe/\($0)", Self.parallelEnvironment($0, rule: $1)) }
        return [
            (Self.cell + "/configuration", Self.configuration), (Self.cell + "/sched_configuration", Self.scheduler),
        ].map { own($0, $1) }
            + Self.folders.map {
                .folder("\(Self.spool)/\($0)", owner: Self.admin, nodes: [layout.login.name])
            }
            + objects.map { own("\(Self.spool)/\($0)", $1) }
    }

    private func own(_ path: String, _ text: String) -> ServiceFile {
        ServiceFile(path, text, owner: Self.admin, nodes: [layout.login.name])
    }

    private static let folders = [
        "admin_hosts", "submit_hosts", "exec_hosts", "cqueues", "qinstances", "qinstances/all.q", "pe", "jobs",
        "job_scripts", "zombies", "users", "projects", "hostgroups", "calendars", "ckpt", "resource_quotas",
        "advance_reservations",
    ]

    static let bootstrap = """
        admin_user sgeadmin
        default_domain none
        ignore_fqdn true
        spooling_method classic
        spooling_lib libspoolc
        spooling_params \(cell);\(spool)
        binary_path /usr/sbin
        qmaster_spool_dir \(spool)
        security_mode none
        listener_threads 2
        worker_threads 2
        scheduler_threads 1

        """

    /// Nodes report often, and what ends is known at once. The log of jobs (reporting(5)) tells who was cancelled.
    static let configuration = """
        conf_version 0
        execd_spool_dir /var/spool/gridengine/execd
        mailer /bin/true
        xterm /usr/bin/xterm
        load_sensor none
        prolog none
        epilog none
        shell_start_mode unix_behavior
        login_shells bash,sh,ksh,csh,tcsh
        min_uid 1000
        min_gid 1000
        user_lists none
        xuser_lists none
        projects none
        xprojects none
        enforce_project false
        enforce_user auto
        load_report_time 00:00:05
        max_unheard 00:00:30
        reschedule_unknown 00:00:00
        loglevel log_warning
        administrator_mail none
        set_token_cmd none
        pag_cmd none
        token_extend_time none
        shepherd_cmd none
        qmaster_params none
        execd_params none
        reporting_params accounting=true reporting=true flush_time=00:00:01 accounting_flush_time=00:00:00 joblog=true sharelog=00:00:00
        finished_jobs 100
        gid_range 65400-65500
        qlogin_command builtin
        qlogin_daemon builtin
        rlogin_command builtin
        rlogin_daemon builtin
        rsh_command builtin
        rsh_daemon builtin
        max_aj_instances 2000
        max_aj_tasks 75000
        max_u_jobs 0
        max_jobs 0
        auto_user_oticket 0
        auto_user_fshare 0
        auto_user_default_project none
        auto_user_delete_time 86400
        delegated_file_staging false
        reprioritize 0
        jsv_url none
        jsv_allowed_mod ac,h,i,e,o,j,M,N,p,w

        """

    /// The scheduler runs as often as it can, and spreads jobs by their number: this machine's load says nothing of a node.
    static let scheduler = """
        algorithm default
        schedule_interval 0:0:1
        maxujobs 0
        queue_sort_method 0
        job_load_adjustments none
        load_adjustment_decay_time 0:0:0
        load_formula -slots
        schedd_job_info true
        flush_submit_sec 1
        flush_finish_sec 1
        params none
        reprioritize_interval 0:0:0
        halftime 168
        usage_weight_list cpu=1.000000 mem=0.000000 io=0.000000
        compensation_factor 5.000000
        weight_user 0.250000
        weight_project 0.250000
        weight_department 0.250000
        weight_job 0.250000
        weight_tickets_functional 0
        weight_tickets_share 0
        weight_tickets_override 0
        share_override_tickets TRUE
        share_functional_shares TRUE
        max_functional_jobs_to_schedule 200
        report_pjob_tickets TRUE
        max_pending_tasks_per_job 50
        halflife_decay_list none
        policy_hierarchy OFS
        weight_ticket 0.500000
        weight_waiting_time 0.278000
        weight_deadline 3600000.000000
        weight_urgency 0.500000
        weight_priority 0.000000
        max_reservation 0
        default_duration INFINITY

        """

    static func executionHost(_ host: String) -> String {
        """
        hostname \(host)
        load_scaling NONE
        complex_values NONE
        user_lists NONE
        xuser_lists NONE
        projects NONE
        xprojects NONE
        usage_scaling NONE
        report_variables NONE

        """
    }

    static func queueInstance(_ host: String) -> String {
        """
        qname all.q
        hostname \(host)
        state 0
        pending_signal 0
        pending_signal_del 0
        version 1

        """
    }

    static func parallelEnvironment(_ name: String, rule: String) -> String {
        """
        pe_name \(name)
        slots 99999
        user_lists NONE
        xuser_lists NONE
        start_proc_args NONE
        stop_proc_args NONE
        allocation_rule \(rule)
        control_slaves TRUE
        job_is_first_task FALSE
        urgency_slots min
        accounting_summary TRUE
        qsort_args NONE

        """
    }

    /// queue_conf(5): no thresholds, since all nodes see this machine's load, and no limits.
    private var queue: String {
        let ownSlots = layout.computeNodes.map {
            "[\(name(of: $0))=\(slots ?? SlurmConfiguration.resources($0.limits).processors)]"
        }
        let limits = ["rt", "cpu", "fsize", "data", "stack", "core", "rss", "vmem"]
            .flatMap { ["s_\($0) INFINITY\n", "h_\($0) INFINITY\n"] }
        return """
            qname all.q
            hostlist \(compute.joined(separator: " "))
            seq_no 0
            load_thresholds NONE
            suspend_thresholds NONE
            nsuspend 1
            suspend_interval 00:05:00
            priority 0
            min_cpu_interval 00:05:00
            processors UNDEFINED
            qtype BATCH INTERACTIVE
            ckpt_list NONE
            pe_list make mpi smp
            rerun FALSE
            slots \((["1"] + ownSlots).joined(separator: ","))
            tmpdir /tmp
            shell /bin/sh
            prolog NONE
            epilog NONE
            shell_start_mode unix_behavior
            starter_method NONE
            suspend_method NONE
            resume_method NONE
            terminate_method NONE
            notify 00:00:60
            owner_list NONE
            user_lists NONE
            xuser_lists NONE
            subordinate_list NONE
            complex_values NONE
            projects NONE
            xprojects NONE
            calendar NONE
            initial_state default
            \(limits.joined())
            """
    }
}
