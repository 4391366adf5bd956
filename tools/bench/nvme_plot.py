# SPDX-License-Identifier: GPL-2.0
"""The summary of scripts/bench --nvme as a picture: quotients to the reference
for each cell, IOPS on the left and instructions on the right."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)

import nvme_cells  # noqa: E402

PANELS = {
    "iops": "IOPS (right is better)",
    "instructions": "instructions per I/O (left is better)",
}
COLOUR = "#c1440e"


def _points(part, metric):
    """[(cell, ratio, low, high)]; without the instructions of polling, which
    say how long a device took."""
    found = []
    for row in part["rows"]:
        ratio = row["to_reference"]
        polled = row["cell"].endswith("-poll")
        if row["metric"] == metric and ratio and not (
                polled and metric == "instructions"):
            low, high = ratio["low"], ratio["high"]
            if low is None:
                low = high = ratio["ratio"]
            found.append((row["cell"], ratio["ratio"], low, high))
    return found


def _draw(axes, points, title):
    places = range(len(points))
    middles = [p[1] for p in points]
    axes.axvline(1, color="#5b6b7a", lw=1)
    axes.errorbar(middles, places,
                  xerr=[[p[1] - p[2] for p in points],
                        [p[3] - p[1] for p in points]],
                  fmt="o", ms=4.5, capsize=3, lw=1.2, color=COLOUR)
    for place, middle in zip(places, middles):
        axes.annotate(f"{middle:.2f}", (middle, place), (0, 5), fontsize=7,
                      textcoords="offset points", ha="center")
    axes.set_yticks(places, [p[0] for p in points], fontsize=8)
    axes.set_ylim(len(points) - 0.4, -0.6)
    # An interval of few noisy repeats may be wider than anything of interest.
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, 0), min(high, 2 * max(middles + [1])))
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def draw(summary, path):
    """Write the picture."""
    panels = [(clock, metric, points)
              for clock, part in summary["clocks"].items()
              for metric in PANELS
              if (points := _points(part, metric))]
    rows = max((len(p[2]) for p in panels), default=1)
    figure, axes = plt.subplots(
        1, max(len(panels), 1), squeeze=False, layout="constrained",
        figsize=(6 * max(len(panels), 1), 1.2 + 0.35 * rows))
    for one, (clock, metric, points) in zip(axes[0], panels):
        _draw(one, points, f"{clock}: {PANELS[metric]}")
    figure.suptitle(f"nvme_c, times {nvme_cells.REFERENCE} (mean, 95 % CI)",
                    fontsize=11, fontweight="bold")
    figure.savefig(path, dpi=110)
    plt.close(figure)
