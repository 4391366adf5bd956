# SPDX-License-Identifier: GPL-2.0
"""What was measured and what the model says, as a picture. The upper percentiles are what
matters, so each nine of them has the same width."""

import math

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)

import model  # noqa: E402

TICKS = (0, 50, 90, 99, 99.9, 99.99, 99.999)


def place(percent):
    """How many nines: 99 % is 2."""
    return -math.log10(max(1 - percent / 100, 1e-6))


def draw(curves, written, path):
    """A panel for each curve."""
    tables = model.tables(written)
    figure, panels = plt.subplots(len(curves), 1, squeeze=False, sharex=True,
                                  figsize=(8, 1 + 3 * len(curves)))
    for axes, curve in zip(panels[:, 0], curves):
        table = tables[curve.op, curve.size]
        axes.plot([place(p) for p, _ in curve.points], [ns / 1000 for _, ns in curve.points],
                  color="#5b6b7a", linewidth=3, alpha=0.5, label="measured")
        dense = [100 * (1 - 10 ** (-n / 40)) for n in range(240)]
        axes.plot([place(p) for p in dense],
                  [model.between(table, p) / 1000 for p in dense],
                  color="#c1440e", linewidth=1, label="model")
        axes.plot([place(p) for p, _ in table], [ns / 1000 for _, ns in table], ".",
                  color="#c1440e")
        axes.set_yscale("log")
        axes.set_ylabel("µs")
        axes.set_title(curve.name, fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        axes.set_xticks([place(t) for t in TICKS], [f"{t:g} %" for t in TICKS])
    panels[-1, 0].set_xlabel("of all operations take at most so long")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)
