# SPDX-License-Identifier: GPL-2.0
"""The summary as text."""

import cells

NOTES = f"""\
median: of the repeats; [..]: their quartiles (extremes in summary.json).
vs {cells.REFERENCE}: mean quotient of the runs of a repeat, (95 % CI).
IOPS: higher is better; seconds, bytes for each byte, and instructions (of the
driver's own modules) and interrupts for each I/O: lower is better.
"""

CLOCKS = {
    "virtual": "Virtual time: one CPU, one nanosecond for each instruction. "
               "Tells instructions\nfor each I/O, nothing about caches.",
    "wall": "Wall time, as it passed in the machine.",
}


def number(value, unit):
    """A figure with as many digits as it deserves."""
    if unit == "IOPS":
        return f"{value:,.0f}"
    return f"{value:.3f}"


def ratio_text(ratio):
    """A quotient with its interval, where there is one."""
    if ratio is None:
        return "-"
    text = f"{ratio['ratio']:.3f}"
    if ratio["low"] is not None:
        text += f" ({ratio['low']:.3f} .. {ratio['high']:.3f})"
    return text


def row_label(row):
    """The cell; with the metric, if that is not plain IOPS."""
    if row["metric"] == "iops":
        return row["cell"]
    return f"{row['cell']} {row['metric']}"


def _spread(row, unit):
    return f"[{number(row['q1'], unit)} .. {number(row['q3'], unit)}]"


def layout(header, lines):
    """Columns wide enough; the first two start left, the others end right."""
    widths = [max(len(r[i]) for r in [header] + lines)
              for i in range(len(header))]
    text = []
    for n, row in enumerate([header] + lines):
        cols = [c.ljust(w) if i < 2 else c.rjust(w)
                for i, (c, w) in enumerate(zip(row, widths))]
        text.append("  ".join(cols).rstrip())
        if n == 0:
            text.append("  ".join("-" * w for w in widths))
    return "\n".join(text) + "\n"


def blank_repeats(lines):
    """A cell's name stands in its first line only."""
    last = None
    for line in lines:
        if line[0] == last:
            line[0] = ""
        else:
            last = line[0]
    return lines


def _cells(rows):
    header = ["cell", "driver", "n", "median", "", "unit",
              f"vs {cells.REFERENCE}"]
    lines = [[row_label(r), r["driver"], str(r["n"]),
              number(r["median"], r["unit"]), _spread(r, r["unit"]),
              r["unit"], ratio_text(r["to_reference"])] for r in rows]
    return layout(header, blank_repeats(lines))


def _gains(rows):
    header = ["gain by jobs", "driver", "n", "median", "",
              "mean gain", "vs floor's gain"]
    lines = [[f"{r['family']} 1j to {r['jobs']}j", r["driver"], str(r["n"]),
              f"{r['median']:.3f}",
              _spread(r, ""), ratio_text(r["gain"]), ratio_text(r["to_floor"])]
             for r in rows]
    return layout(header, blank_repeats(lines))


def _clock(name, part):
    facts = part["facts"]
    text = (f"{CLOCKS[name]}\n"
            f"Linux {facts['kernel']}, {facts['cpus']} CPU(s), {facts['cpu']}; "
            f"{facts['fio']}; each run {part['limit']}\n")
    for driver, why in part["without"].items():
        text += f"Left out: {driver}: {why}\n"
    text += "\n" + _cells(part["rows"])
    if part["gains"]:
        text += "\n" + _gains(part["gains"])
    return text


def head(summary):
    """When, what and where."""
    return (f"{summary['date']}  revision {summary['revision']}\n"
            f"{summary['machine']['cpu']}, {summary['machine']['cpus']} CPU(s)"
            f"{'; ' + summary['qemu'] if summary['qemu'] else ''}\n")


def render(summary):
    """The whole table."""
    parts = [_clock(name, part) for name, part in summary["clocks"].items()]
    return "\n".join([head(summary)] + parts + [NOTES])
