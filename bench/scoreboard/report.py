"""Prints the results of a run as Markdown. `results` is what bench/run writes as JSON."""
import statistics


def median(rounds, field):
    return statistics.median(one[field] for one in rounds)


def spread(rounds, field):
    """The largest deviation of a round from the median, relative to the median."""
    middle = median(rounds, field)
    return max(abs(one[field] - middle) for one in rounds) / middle if middle else 0


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def workload_table(results, workload):
    bare = results["servers"].get("bare responder", {}).get("workloads", {})
    # For the bare responder all requests are alike.
    limit = median(bare.get(workload) or bare["GetItem"], "cpu_us") if bare else None
    rows = []
    for name, server in results["servers"].items():
        rounds = server["workloads"].get(workload)
        if not rounds:
            continue
        cpu = median(rounds, "cpu_us")
        rows.append([name, f"{median(rounds, 'rate'):,.0f}", f"± {spread(rounds, 'rate') * 100:.0f} %",
                     *(f"{median(rounds, field) / 1000:,.2f}" for field in ("p50_us", "p99_us", "p999_us")),
                     f"{cpu:,.1f}", f"{cpu / limit:,.2f}" if limit else ""])
    return table([workload, "requests/s", "spread", "p50, ms", "p99, ms", "p99.9, ms", "processor time, µs", "of the limit"],
                 rows)


def markdown(results):
    options = results["options"]
    parts = [
        "# Results\n",
        f"Measured on {results['date']} at commit {results['commit']}, {results['machine']}, by `bench/run {results['set']}`: "
        f"{options['items']:,} items, {options['connections']} keep-alive connections, median of {options['rounds']} rounds of "
        f"{options['seconds']:g} s; the servers take turns. `processor time` is the server's own, user and system, for a request; "
        "`of the limit` is that beside the bare responder, which answers every request with the same small body. Load "
        "generator and servers share the machine: compare the columns of one run, not two runs.\n"]
    for workload in results["workloads"]:
        parts.append(workload_table(results, workload))
    servers = results["servers"].items()
    parts.append("## Start and memory\n")
    parts.append(table(["", "start until the first answer, ms", "idle, MB", "most, MB"],
                       [[name, f"{server['start_ms']:.1f}", f"{server['idle_mb']:.1f}", f"{server['peak_mb']:.0f}"]
                        for name, server in servers]))
    if any(server["cycles"] for _, server in servers):
        parts.append("## Tests\n\nA table is created, filled with 10 items, asked six times and dropped: one after the other, on one "
                     "connection.\n")
        parts.append(table(["", "cycles/s", "processor time, ms"],
                           [[name, f"{median(server['cycles'], 'rate'):,.0f}", f"{median(server['cycles'], 'cpu_us') / 1000:.1f}"]
                            for name, server in servers if server["cycles"]]))
    if results["sizes"]:
        parts.append("## Cost against size\n\nStator on disk.\n")
        rows = [[f"{int(items):,} items", *(f"{median(rounds[workload], field) / scale:,.{digits}f}"
                                            for workload in ("GetItem", "PutItem")
                                            for field, scale, digits in (("cpu_us", 1, 1), ("p50_us", 1000, 2)))]
                for items, rounds in results["sizes"].items()]
        parts.append(table(["", "GetItem, µs", "p50, ms", "PutItem, µs", "p50, ms"], rows))
    return "\n".join(parts)
