"""Draws the results of a run as plots. `results` is what bench/run writes as JSON."""
import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402
from report import median  # noqa: E402

# Makes the files equal for equal figures.
matplotlib.rcParams["svg.hashsalt"] = "stator"

TITLES = {"connections.svg": "Throughput against connections", "latency.svg": "Latency percentiles", "size.svg": "Cost against size"}


def save(figure, path):
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)


def plot_latencies(results, folder):
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4), sharey=True)
    for axis, workload in zip(axes, ("GetItem", "PutItem")):
        for name, server in results["servers"].items():
            rounds = server["workloads"].get(workload)
            if rounds:
                axis.plot(["p50", "p99", "p99.9"], [median(rounds, field) / 1000 for field in ("p50_us", "p99_us", "p999_us")],
                          marker="o", label=name)
        axis.set_title(workload)
        axis.set_yscale("log")
    axes[0].set_ylabel("ms")
    axes[1].legend(fontsize="small", bbox_to_anchor=(1, 1))
    save(figure, folder / "latency.svg")


def plot_connections(results, folder):
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4), sharey=True)
    for axis, workload in zip(axes, ("GetItem", "PutItem")):
        for name, by_workload in results["connections"].items():
            counts = by_workload[workload]
            axis.plot([int(count) for count in counts], [median(rounds, "rate") for rounds in counts.values()], marker="o",
                      label=name)
        axis.set_title(workload)
        axis.set_xscale("log", base=2)
        axis.set_xlabel("connections")
    axes[0].set_ylabel("requests a second")
    axes[1].legend(fontsize="small", bbox_to_anchor=(1, 1))
    save(figure, folder / "connections.svg")


def plot_sizes(results, folder):
    figure, axis = pyplot.subplots(figsize=(6, 4))
    for workload in ("GetItem", "PutItem"):
        axis.plot([int(items) for items in results["sizes"]],
                  [median(rounds[workload], "cpu_us") for rounds in results["sizes"].values()], marker="o", label=workload)
    axis.set_xscale("log")
    axis.set_xlabel("items")
    axis.set_ylabel("processor time a request, µs")
    axis.set_ylim(bottom=0)
    axis.legend()
    save(figure, folder / "size.svg")


def draw(results, folder):
    plot_latencies(results, folder)
    if results["connections"]:
        plot_connections(results, folder)
    if results["sizes"]:
        plot_sizes(results, folder)
