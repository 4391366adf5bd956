# SPDX-License-Identifier: GPL-2.0
"""Pictures of a matrix, and the numbers behind each.

Each function returns Picture(name, caption, figure, head, lines): the last two are what
goes to the CSV file of that name.
"""

import math
import typing

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)
from matplotlib.colors import LogNorm  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

from plans import matrix as cells  # noqa: E402
from tally import BOUNDS, CELL  # noqa: E402

COLOURS = {"null_blk_c": "#c1440e", "null_blk": "#5b6b7a", "rnull": "#2a7f62",
           "brd": "#d9a441", "floor": "#9aa5b0", "nvme_c": "#c1440e",
           "nvme": "#5b6b7a"}
MARKERS = {"null_blk_c": "o", "null_blk": "s", "rnull": "D", "brd": "^",
           "floor": "x", "nvme_c": "o", "nvme": "s"}
STORES = {"plain": "no data", "mem": "memory-backed", "nvme": "NVMe"}
CLOCKS = {"native": "one CPU", "smp": "several CPUs", "host": "this machine",
          "model": "a controller made of code",
          "rest": "without the controller's own time"}

# A quotient that is as dark as it gets, either way
DARKEST = 4.0
# Rows of a forest plot, at most: what is longer is read in the table.
FOREST = 70
MODES = 12
# Times of single I/Os in ns below which an axis does not go
SHORTEST = 100


class Picture(typing.NamedTuple):
    """One picture, and the numbers it shows."""

    name: str
    caption: str
    figure: object
    head: tuple
    lines: list


def _colour(subject):
    return COLOURS.get(subject, "#5b6b7a")


def _distinct(values):
    return list(dict.fromkeys(values))


def _wide(versus, level="95"):
    low, high = versus[f"low{level}"], versus[f"high{level}"]
    return (versus["ratio"],) * 2 if low is None else (low, high)


def _legend(figure, subjects, width, before=""):
    """At the top of the picture, in room that is kept free for it."""
    inches = figure.get_size_inches()[1]
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.3 / inches))
    lines = [plt.Line2D([], [], marker=MARKERS.get(subject, "o"), lw=width, ms=4.5,
                        color=_colour(subject), label=before + subject)
             for subject in subjects]
    figure.legend(handles=lines, loc="upper center", ncol=len(lines), fontsize=8,
                  frameon=False, borderaxespad=0.2)


# --- heat map ----------------------------------------------------------------

def _text_of(versus):
    """The quotient; in brackets where the interval holds 1."""
    low, high = _wide(versus)
    text = f"{versus['ratio']:.2f}"
    return f"({text})" if low <= 1 <= high else text


def _heat_panel(axes, rows, norm):
    sizes = sorted(_distinct(r["size"] for r in rows), key=cells.SIZES.get)
    shapes = sorted({(r["jobs"], r["depth"]) for r in rows})
    grid = [[math.nan] * len(shapes) for _ in sizes]
    for row in rows:
        y, x = sizes.index(row["size"]), shapes.index((row["jobs"], row["depth"]))
        grid[y][x] = row["versus"]["ratio"]
        dark = abs(math.log(grid[y][x])) > 0.6 * math.log(DARKEST)
        axes.text(x, y, _text_of(row["versus"]), ha="center", va="center",
                  fontsize=8, color="white" if dark else "black")
    image = axes.imshow(grid, cmap="RdBu", norm=norm, aspect="auto")
    axes.set_xticks(range(len(shapes)),
                    [f"depth {depth}\n{jobs} job{'s' * (jobs > 1)}"
                     for jobs, depth in shapes], fontsize=8)
    axes.set_yticks(range(len(sizes)), sizes, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def heat(table, clock, subject, ours):
    """Quotients of one subject by block size, depth and jobs; None without any."""
    rows = [r for r in table if r["clock"] == clock and r["subject"] == subject
            and r["versus"]]
    panels = {}
    for row in rows:
        panels.setdefault((row["store"], row["operation"]), []).append(row)
    if not panels:
        return None
    height = max(len({r["size"] for r in part}) for part in panels.values())
    width = max(len({(r["jobs"], r["depth"]) for r in part})
                for part in panels.values())
    down = -(-len(panels) // 2)
    figure, axes = plt.subplots(
        down, 2, squeeze=False, layout="constrained",
        figsize=(1.6 + 2 * (0.8 + 0.72 * width), 0.8 + down * (0.9 + 0.4 * height)))
    norm = LogNorm(1 / DARKEST, DARKEST)
    flat = [axis for line in axes for axis in line]
    for axis, ((store, operation), part) in zip(flat, panels.items()):
        image = _heat_panel(axis, part, norm)
        axis.set_title(f"{STORES[store]}, {operation}", fontsize=9)
    for axis in flat[len(panels):]:
        axis.set_visible(False)
    for line in axes:
        line[0].set_ylabel("block size", fontsize=8)
    bar = figure.colorbar(image, ax=axes, ticks=[0.25, 0.5, 1, 2, 4], format="%g",
                          fraction=0.05, aspect=30)
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=8)
    figure.suptitle(f"{ours}: times as fast as {subject} ({CLOCKS[clock]})",
                    fontsize=11, fontweight="bold")
    return Picture(
        f"heat-{clock}-{subject}",
        f"How many times as fast {ours} is as {subject}, {CLOCKS[clock]}. Blue is "
        "faster, red slower, white equal. In brackets: the 95 % interval holds 1.",
        figure, (*CELL, "ratio", "low95", "high95"),
        [[*(r[n] for n in CELL), r["versus"]["ratio"], r["versus"]["low95"],
          r["versus"]["high95"]] for r in rows])


# --- forest plot -------------------------------------------------------------

def _draw_interval(axes, row, y):
    versus = row["versus"]
    colour = _colour(row["subject"])
    axes.plot(_wide(versus, "99"), (y, y), color=colour, lw=0.9)
    axes.plot(_wide(versus), (y, y), color=colour, lw=2.6, solid_capstyle="butt")
    axes.plot(versus["ratio"], y, MARKERS.get(row["subject"], "o"), color=colour,
              ms=4.5, mec="white", mew=0.5)


def forest(table, clock, store, title):
    """The intervals of all quotients of a store, cell below cell; None without any."""
    rows = [r for r in table if r["clock"] == clock and r["store"] == store
            and r["versus"] and r["subject"] not in BOUNDS]
    if not rows or len(rows) > FOREST * 4:
        return None
    names = _distinct(r["cell"] for r in rows)
    subjects = _distinct(r["subject"] for r in rows)
    step = 0.8 / len(subjects)
    figure, axes = plt.subplots(
        layout="constrained",
        figsize=(7.5, 1.4 + len(names) * (0.14 + 0.1 * len(subjects))))
    for row in rows:
        place = subjects.index(row["subject"]) - (len(subjects) - 1) / 2
        _draw_interval(axes, row, names.index(row["cell"]) + place * step)
    for n in range(0, len(names), 2):
        axes.axhspan(n - 0.5, n + 0.5, color="#f3f4f6", zorder=0)
    axes.axvline(1, color="black", lw=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _p: f"{v:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _ticks(axes, [end for r in rows for end in _wide(r["versus"], "99")])
    axes.set_yticks(range(len(names)),
                    [name.removeprefix(f"{store}-") for name in names], fontsize=7)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(title, fontsize=8)
    _legend(figure, subjects, 2.6, "beside ")
    return Picture(
        f"forest-{clock}-{store}",
        f"{title}; {STORES[store]}, {CLOCKS[clock]}. Thick: 95 % interval, thin: 99 %.",
        figure, (*CELL, "ratio", "low95", "high95", "low99", "high99"),
        [[*(r[n] for n in CELL), r["versus"]["ratio"],
          *(r["versus"][n] for n in ("low95", "high95", "low99", "high99"))]
         for r in rows])


def _ticks(axes, ends, most=12):
    """Few round numbers that hold all ends."""
    low, high = min(*ends, 1) / 1.02, max(*ends, 1) * 1.02
    if high / low > 40:
        low, high = max(low, 0.1), min(high, 40)
    wanted = (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2, 2.5, 3)
    if high / low > 4:
        wanted = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
    elif high / low < 1.4:
        wanted = (0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3)
    ticks = [t for t in wanted if low <= t <= high]
    while len(ticks) > most:
        # 1 stays
        ticks = ticks[ticks.index(1) % 2::2]
    axes.set_xlim(low, high)
    axes.set_xticks(ticks)


# --- scaling -----------------------------------------------------------------

def _speed(row):
    """Millions of I/Os a second, and what the spread makes of them."""
    low = 1000 / (row["mean"] + (row["deviation"] or 0))
    high = 1000 / max(row["mean"] - (row["deviation"] or 0), row["min"])
    return 1000 / row["mean"], low, high


def scaling(table, depth):
    """Speed over the number of jobs, at one depth; None with one job only."""
    rows = [r for r in table if r["clock"] in ("smp", "host") and r["depth"] == depth]
    jobs = sorted({r["jobs"] for r in rows})
    if len(jobs) < 2:
        return None
    lines = _distinct((r["store"], r["operation"]) for r in rows)
    sizes = sorted(_distinct(r["size"] for r in rows), key=cells.SIZES.get)
    figure, axes = plt.subplots(
        len(lines), len(sizes), squeeze=False, layout="constrained", sharex=True,
        figsize=(max(5.4, 1 + 2.1 * len(sizes)), 0.9 + 1.8 * len(lines)))
    numbers = []
    for y, (store, operation) in enumerate(lines):
        for x, size in enumerate(sizes):
            part = [r for r in rows if (r["store"], r["operation"], r["size"])
                    == (store, operation, size)]
            numbers += _scaling_panel(axes[y][x], part, jobs)
        axes[y][0].set_ylabel(f"{operation}, {STORES[store]}\nmillion I/O/s",
                              fontsize=8)
    for axis, size in zip(axes[0], sizes):
        axis.set_title(f"{size} blocks", fontsize=9)
    for axis in axes[-1]:
        axis.set_xlabel("jobs", fontsize=8)
    _legend(figure, _distinct(r["subject"] for r in rows), 1.2)
    return Picture(
        f"scaling-q{depth}",
        f"Speed over the number of jobs, at depth {depth}, with a queue for each CPU where "
        "a driver has several; bars are the standard deviation. Grey line: as many times "
        "as fast as one job of null_blk_c.",
        figure, (*CELL, "million_ios_per_second", "low", "high"), numbers)


def _scaling_panel(axes, rows, jobs):
    numbers = []
    for subject in _distinct(r["subject"] for r in rows):
        part = sorted((r for r in rows if r["subject"] == subject),
                      key=lambda r: r["jobs"])
        speeds = [_speed(r) for r in part]
        axes.errorbar([r["jobs"] for r in part], [s[0] for s in speeds],
                      [[s[0] - s[1] for s in speeds], [s[2] - s[0] for s in speeds]],
                      marker=MARKERS.get(subject, "o"), ms=4, lw=1.2, capsize=2,
                      color=_colour(subject))
        if subject == cells.OURS and part[0]["jobs"] == 1:
            axes.plot(jobs, [j * speeds[0][0] for j in jobs], color="#d0d4d9", lw=1,
                      zorder=0)
        numbers += [[*(r[n] for n in CELL), *s] for r, s in zip(part, speeds)]
    axes.set_ylim(bottom=0)
    axes.set_xticks(jobs)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    return numbers


# --- latencies ---------------------------------------------------------------

def _nines(percent):
    """So that 90, 99 and 99.9 % are as far apart as they are rare."""
    return -math.log10(1 - percent / 100)


def _latency_panel(axes, rows):
    ends = []
    for row in rows:
        part = row["percentiles"]
        known = [p for p in part if p["low"]]
        x = [_nines(p["percent"]) for p in part]
        colour = _colour(row["subject"])
        axes.fill_between(x[:len(known)], [p["low"] for p in known],
                          [p["high"] for p in known], color=colour, alpha=0.15, lw=0)
        axes.plot(x, [p["ns"] for p in part], color=colour, lw=1.2, ms=4,
                  marker=MARKERS.get(row["subject"], "o"))
        # Less than a step of a coarse clock is off the picture.
        ends += [max(p["ns"], SHORTEST) for p in part]
    _log_times(axes, ends)
    shown = [50, 90, 99, 99.9, 99.99]
    axes.set_xticks([_nines(p) for p in shown], [f"{p:g}" for p in shown])
    axes.set_xlim(_nines(50) - 0.1, _nines(99.99) + 0.1)
    axes.set_title(rows[0]["cell"].removesuffix("-latency"), fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(axis="both", color="#e5e7eb", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def percentiles(latencies, clock):
    """Percentiles of latencies, a panel for each cell; None without any."""
    rows = [r for r in latencies if r["clock"] == clock and r["percentiles"]]
    names = _distinct(r["cell"] for r in rows)
    if not rows:
        return None
    across = min(3, len(names))
    down = -(-len(names) // across)
    figure, axes = plt.subplots(down, across, squeeze=False, layout="constrained",
                                figsize=(max(5.4, 0.6 + 2.9 * across),
                                         0.9 + 2.1 * down))
    flat = [axis for line in axes for axis in line]
    for axis, name in zip(flat, names):
        _latency_panel(axis, [r for r in rows if r["cell"] == name])
    for axis in flat[len(names):]:
        axis.set_visible(False)
    for line in axes:
        line[0].set_ylabel("ns", fontsize=8)
    figure.supxlabel("% of I/Os that took no longer", fontsize=8)
    _legend(figure, _distinct(r["subject"] for r in rows), 1.2)
    return Picture(
        f"latency-{clock}",
        f"Latencies, {CLOCKS[clock]}: what so many percent of all I/Os took at most. "
        "Bands reach from the lowest to the highest boot. The clock of a user-mode kernel "
        "goes in steps of 256 ns.", figure,
        (*CELL, "ios", "mean_ns", "percent", "ns", "low", "high"),
        [[*(r[n] for n in CELL), r["ios"], r["mean"],
          *(p[n] for n in ("percent", "ns", "low", "high"))]
         for r in rows for p in r["percentiles"]])


# --- modes -------------------------------------------------------------------

def _log_times(axis, times):
    """An axis on which modes are apart by their quotient, with few round numbers."""
    low, high = min(times) / 1.1, max(times) * 1.1
    steps = (1, 2, 5) if high / low < 50 else (1,)
    if high / low < 2:
        steps = (1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.3, 2.6, 3, 3.5, 4, 4.5, 5, 6, 7,
                 8, 9)
    ticks = [step * 10 ** n for n in range(10) for step in steps]
    axis.set_yscale("log")
    axis.set_ylim(low, high)
    axis.set_yticks([t for t in ticks if low <= t <= high])
    axis.yaxis.set_major_formatter(FuncFormatter(lambda v, _p: f"{v:,.0f}"
                                                 if v < 1e6 else f"{v / 1e6:g}M"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(axis="y", which="minor", length=0)


def modes(table):
    """Each sample of the rows that have modes, boot by boot; None without any."""
    rows = sorted((r for r in table if r["modes"]),
                  key=lambda r: -r["modes"]["high"] / r["modes"]["low"])[:MODES]
    if not rows:
        return None
    across = min(4, len(rows))
    down = -(-len(rows) // across)
    figure, axes = plt.subplots(down, across, squeeze=False, layout="constrained",
                                figsize=(0.5 + 2.5 * across, 0.6 + 1.7 * down))
    flat = [axis for line in axes for axis in line]
    for axis, row in zip(flat, rows):
        boots = sorted({boot for boot, _ns in row["samples"]})
        axis.plot([boots.index(boot) + 1 for boot, _ns in row["samples"]],
                  [ns for _boot, ns in row["samples"]], "o", ms=3.5, alpha=0.7,
                  color=_colour(row["subject"]))
        for mode in ("low", "high"):
            axis.axhline(row["modes"][mode], color="#9aa5b0", lw=0.8, zorder=0)
        _log_times(axis, [ns for _boot, ns in row["samples"]])
        axis.set_xlim(0.5, len(boots) + 0.5)
        axis.set_xticks(range(1, len(boots) + 1))
        axis.set_title(f"{row['subject']}, {CLOCKS[row['clock']]}\n{row['cell']}",
                       fontsize=7)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in flat[len(rows):]:
        axis.set_visible(False)
    for line in axes:
        line[0].set_ylabel("ns", fontsize=8)
    for axis in flat[max(len(rows) - across, 0):len(rows)]:
        axis.set_xlabel("boot", fontsize=8)
    return Picture(
        "modes",
        f"Samples of the {len(rows)} rows whose two modes lie furthest apart, boot by "
        "boot. Lines: the modes' means.",
        figure, (*CELL, "boot", "ns_per_io"),
        [[*(r[n] for n in CELL), boot, ns] for r in rows
         for boot, ns in r["samples"]])


# --- all of them -------------------------------------------------------------

def draw(table, latencies, which):
    """All pictures that the tables have rows for, one after the other."""
    clocks = _distinct(r["clock"] for r in table)
    ours = cells.ours(which)
    if which == "features":
        title = "null_blk_c: time of an I/O with the feature on, in units of without"
        wanted = [price(table, title)]
    else:
        subjects = [s.name for s in cells.SETS[which][1:]]
        title = f"{ours}: times as fast as the other driver"
        wanted = [heat(table, clock, subject, ours) for clock in clocks
                  for subject in subjects if subject not in BOUNDS]
        wanted += [scaling(table, depth)
                   for depth in sorted({r["depth"] for r in table})]
        wanted += [forest(table, clock, store, title) for clock in clocks
                   for store in STORES]
    wanted += [percentiles(latencies, clock)
               for clock in _distinct(r["clock"] for r in latencies)]
    return [p for p in (*wanted, modes(table)) if p]


def price(table, title):
    """What features cost: a panel for each cell; None without any."""
    rows = [r for r in table if r["versus"]]
    if not rows:
        return None
    names = _distinct(r["cell"] for r in rows)
    subjects = _distinct(r["subject"] for r in rows)
    across = min(4, len(names))
    down = -(-len(names) // across)
    figure, axes = plt.subplots(
        down, across, squeeze=False, layout="constrained", sharey=True, sharex=True,
        figsize=(1.3 + 2.3 * across, 0.6 + down * (0.5 + 0.23 * len(subjects))))
    flat = [axis for line in axes for axis in line]
    for axis, name in zip(flat, names):
        for row in (r for r in rows if r["cell"] == name):
            y = subjects.index(row["subject"])
            axis.plot(_wide(row["versus"], "99"), (y, y), color="#5b6b7a", lw=0.9)
            axis.plot(_wide(row["versus"]), (y, y), color="#5b6b7a", lw=2.6,
                      solid_capstyle="butt")
            axis.plot(row["versus"]["ratio"], y, "o", color="#c1440e", ms=4.5)
        axis.axvline(1, color="black", lw=0.8)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(FuncFormatter(lambda v, _p: f"{v:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.tick_params(axis="x", which="minor", length=0)
        axis.set_title(name.removeprefix("mem-"), fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(axis="x", color="#e5e7eb", lw=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    flat[0].set_yticks(range(len(subjects)),
                       [s.partition("+")[2] or s for s in subjects])
    flat[0].set_ylim(len(subjects) - 0.5, -0.5)
    _ticks(flat[0], [end for r in rows for end in _wide(r["versus"], "99")], 6)
    for axis in flat[len(names):]:
        axis.set_visible(False)
    figure.supxlabel(title, fontsize=8)
    return Picture(
        "price", f"What each feature costs where it does nothing: {title}. Thick: 95 % "
        "interval, thin: 99 %.", figure,
        (*CELL, "ratio", "low95", "high95", "low99", "high99"),
        [[*(r[n] for n in CELL), r["versus"]["ratio"],
          *(r["versus"][n] for n in ("low95", "high95", "low99", "high99"))]
         for r in rows])
