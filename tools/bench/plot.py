# SPDX-License-Identifier: GPL-2.0
"""The summary as a picture: for each clock bars with the figures and, below,
the quotients to the reference; then the gain from one job to more. With --nvme,
quotients for each cell and metric."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)
from matplotlib.ticker import FuncFormatter  # noqa: E402

from plans import native, null_blk, nvme  # noqa: E402

COLOURS = {
    "null_blk_c": "#c1440e",
    "null_blk": "#5b6b7a",
    "floor": "#b9c2ca",
    "brd": "#d9a441",
    "null_blk-4k": "#8fa3b5",
}
STORES = {"plain": "no data", "mem": "memory-backed", "zone": "one zone"}
NVME_PANELS = {
    "iops": "IOPS (right is better)",
    "instructions": "instructions per I/O (left is better)",
    "ns": "speed (right is better)",
    "rest": "speed without the controller's part (right is better)",
}
WIDTH = 0.8  # of a group of bars


def _short(value, _position=None):
    """12000 as 12k."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def _facets(part):
    """{(store, bs): {(label of the group): {driver: row}}} of fio's rows."""
    by_name = {(r["cell"], r["driver"]): r for r in part["rows"]}
    found = {}
    for store in null_blk.STORE_DRIVERS:
        for bs in null_blk.SIZES:
            for rw in ("randread", "randwrite"):
                for jobs in null_blk.JOBS:
                    name = null_blk.Cell(store, rw, bs, jobs).name
                    group = {d: by_name[name, d] for d in null_blk.DRIVERS
                             if (name, d) in by_name}
                    if group:
                        label = (f"{rw.removeprefix('rand')}\n"
                                 f"{jobs} job{'s' * (jobs > 1)}")
                        found.setdefault((store, bs), {})[label] = group
    return found


def _interval(ratio):
    """Its ends; where there is none, the quotient itself."""
    if ratio["low"] is None:
        return ratio["ratio"], ratio["ratio"]
    return ratio["low"], ratio["high"]


def _cut(limits, shown):
    """Limits of an axis, cut to what is of interest: an interval of few noisy repeats
    may be wider than anything else."""
    return max(limits[0], 0), min(limits[1], 2 * max(shown))


def _bars(axes, groups, drivers, draw):
    """Call draw(x, width, row, driver) for each bar of each group."""
    width = WIDTH / len(drivers)
    for place, rows in enumerate(groups.values()):
        present = [d for d in drivers if d in rows]
        first = place - width * (len(present) - 1) / 2
        for n, driver in enumerate(present):
            draw(first + n * width, width, rows[driver], driver)
    axes.set_xticks(range(len(groups)), list(groups), fontsize=8)
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelsize=8)


def _bar_with_spread(axes, x, width, row, driver, text):
    """A bar as high as the median, the quartiles, and a figure above."""
    mid = row["median"]
    axes.bar(x, mid, width * 0.94, color=COLOURS[driver])
    axes.errorbar(x, mid, [[mid - row["q1"]], [row["q3"] - mid]],
                  color="black", lw=1, capsize=2)
    axes.annotate(text, (x, row["q3"]), (0, 4), rotation=90, fontsize=7,
                  textcoords="offset points", ha="center", va="bottom")


def _draw_iops(axes, groups, drivers):
    def draw(x, width, row, driver):
        _bar_with_spread(axes, x, width, row, driver, _short(row["median"]))

    _bars(axes, groups, drivers, draw)
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.margins(y=0.22)
    axes.set_ylim(bottom=0)


def _draw_ratio(axes, groups, drivers):
    shown = [1]

    def draw(x, _width, row, driver):
        ratio = row["to_reference"]
        if not ratio:
            return
        low, high = _interval(ratio)
        axes.errorbar(x, ratio["ratio"],
                      [[ratio["ratio"] - low], [high - ratio["ratio"]]],
                      fmt="o", ms=4.5, capsize=3, lw=1.2,
                      color=COLOURS[driver])
        axes.annotate(f"{ratio['ratio']:.2f}", (x, ratio["ratio"]), (5, 3),
                      textcoords="offset points", fontsize=7)
        shown.append(ratio["ratio"])

    axes.axhline(1, color=COLOURS[null_blk.REFERENCE], lw=1)
    _bars(axes, groups, [d for d in drivers if d != null_blk.REFERENCE], draw)
    axes.margins(y=0.3)
    axes.set_ylim(_cut(axes.get_ylim(), shown))


def _draw_gains(axes, gains, drivers):
    groups = {}
    for row in gains:
        label = row["family"].replace("-rand", "\n").replace("-", " ") + \
            f"\n{row['jobs']} jobs"
        groups.setdefault(label, {})[row["driver"]] = row

    def draw(x, width, row, driver):
        _bar_with_spread(axes, x, width, row, driver, f"{row['median']:.2f}")

    axes.axhline(1, color="black", lw=0.6)
    _bars(axes, groups, drivers, draw)
    axes.margins(y=0.2)
    axes.set_ylim(bottom=0)


def _native_panel(figure, clock, part, drivers):
    """Quotients of speeds, cell by cell."""
    figure.suptitle(_title(clock, part), x=0.01, ha="left", fontsize=11,
                    fontweight="bold")
    groups = {}
    for row in part["rows"]:
        groups.setdefault(row["cell"].replace("-", "\n"), {})[row["driver"]] = row
    axes = figure.subplots()
    _draw_ratio(axes, groups, drivers)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"times as fast as {null_blk.REFERENCE}\nmean, 95 % CI",
                    fontsize=8)


def _title(clock, part):
    facts = part["facts"]
    return (f"{clock.capitalize()} time, Linux {facts['kernel']}, "
            f"{facts['cpus']} CPU(s)")


def _clock_panel(figure, clock, part, drivers):
    """Two rows of axes: figures and quotients."""
    facets = _facets(part)
    figure.suptitle(_title(clock, part), x=0.01, ha="left", fontsize=11,
                    fontweight="bold")
    if not facets:
        return
    axes = figure.subplots(2, len(facets), squeeze=False, gridspec_kw={
        "height_ratios": [3, 2],
        "width_ratios": [len(groups) for groups in facets.values()]})
    for column, ((store, bs), groups) in enumerate(facets.items()):
        top, bottom = axes[:, column]
        _draw_iops(top, groups, drivers)
        _draw_ratio(bottom, groups, drivers)
        top.set_title(f"{STORES[store]}, {bs}", fontsize=9)
    axes[0, 0].set_ylabel("IOPS\nmedian, quartiles", fontsize=8)
    axes[1, 0].set_ylabel(f"times {null_blk.REFERENCE}\nmean, 95 % CI", fontsize=8)


def _extras(part):
    """{label of the group: {driver: row}} of what fio does not measure."""
    groups = {}
    for row in part["rows"]:
        if row["metric"] not in ("iops", "ns") and row["to_reference"]:
            label = row["cell"].replace("-", " ") + "\n" + row["metric"]
            groups.setdefault(label, {})[row["driver"]] = row
    return groups


def _last_panel(figure, clock, part, drivers):
    """Gains on the left, what fio does not measure on the right."""
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [2, 1]})
    if part["gains"]:
        _draw_gains(left, part["gains"], drivers)
        left.set_title(f"More jobs, times one job ({clock} time)", fontsize=9)
        left.set_ylabel("median, quartiles", fontsize=8)
    else:
        left.set_axis_off()
    if _extras(part):
        _draw_ratio(right, _extras(part), drivers)
        right.set_ylim(bottom=0)
        right.set_title(f"Lower is better ({clock} time)", fontsize=9)
        right.set_ylabel(f"times {null_blk.REFERENCE}", fontsize=8)
    else:
        right.set_axis_off()


def _panels(summary):
    """(drawing function, clock, part, height in inches), top to bottom."""
    found = []
    for clock, part in summary["clocks"].items():
        if any(r["metric"] == "ns" for r in part["rows"]):
            found.append((_native_panel, clock, part, 4))
        if any(r["metric"] == "iops" for r in part["rows"]):
            found.append((_clock_panel, clock, part, 5))
        if part["gains"] or _extras(part):
            found.append((_last_panel, clock, part, 3))
    return found


def _draw_null_blk(summary):
    panels = _panels(summary)
    present = {r["driver"] for part in summary["clocks"].values()
               for r in part["rows"]}
    # A limit is no driver; the table has them.
    drivers = [d for d in native.DRIVERS
               if d in present and d not in native.LIMITS]
    groups = max((sum(map(len, _facets(part).values()))
                  for part in summary["clocks"].values()), default=0)
    figure = plt.figure(layout="constrained", figsize=(
        max(11, 0.75 * groups), 0.6 + sum(p[3] for p in panels)))
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[d]) for d in drivers]
    parts = figure.subfigures(len(panels) + 1, 1, squeeze=False,
                              height_ratios=[0.4] + [p[3] for p in panels])
    parts[0, 0].legend(handles, drivers, loc="center", ncols=len(drivers),
                       frameon=False)
    for sub, (function, clock, part, _height) in zip(parts[1:, 0], panels):
        function(sub, clock, part, drivers)
    return figure


def _nvme_points(part, metric):
    """[(cell, ratio, low, high)]; without the instructions of polling, which
    say how long a device took."""
    found = []
    for row in part["rows"]:
        ratio = row["to_reference"]
        polled = row["cell"].endswith("-poll")
        if row["metric"] == metric and ratio and not (
                polled and metric == "instructions"):
            found.append((row["cell"], ratio["ratio"], *_interval(ratio)))
    return found


def _draw_points(axes, points, title):
    places = range(len(points))
    middles = [p[1] for p in points]
    axes.axvline(1, color=COLOURS[null_blk.REFERENCE], lw=1)
    axes.errorbar(middles, places,
                  xerr=[[p[1] - p[2] for p in points],
                        [p[3] - p[1] for p in points]],
                  fmt="o", ms=4.5, capsize=3, lw=1.2,
                  color=COLOURS["null_blk_c"])
    for place, middle in zip(places, middles):
        axes.annotate(f"{middle:.2f}", (middle, place), (0, 5), fontsize=7,
                      textcoords="offset points", ha="center")
    axes.set_yticks(places, [p[0] for p in points], fontsize=8)
    axes.set_ylim(len(points) - 0.4, -0.6)
    axes.set_xlim(_cut(axes.get_xlim(), middles + [1]))
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_nvme(summary):
    panels = [(clock, metric, points)
              for clock, part in summary["clocks"].items()
              for metric in NVME_PANELS
              if (points := _nvme_points(part, metric))]
    rows = max((len(p[2]) for p in panels), default=1)
    figure, axes = plt.subplots(
        1, max(len(panels), 1), squeeze=False, layout="constrained",
        figsize=(6 * max(len(panels), 1), 1.2 + 0.35 * rows))
    for one, (clock, metric, points) in zip(axes[0], panels):
        _draw_points(one, points, f"{clock}: {NVME_PANELS[metric]}")
    figure.suptitle(f"nvme_c, times {nvme.REFERENCE} (mean, 95 % CI)",
                    fontsize=11, fontweight="bold")
    return figure


def draw(summary, path, is_nvme=False):
    """Write the picture."""
    figure = _draw_nvme(summary) if is_nvme else _draw_null_blk(summary)
    figure.savefig(path, dpi=110)
    plt.close(figure)
