# SPDX-License-Identifier: GPL-2.0
"""The summary as text."""

import busy
from plans import native, null_blk, nvme

NOTES = f"""\
median: of the repeats; [..]: their quartiles (extremes in summary.json).
vs {null_blk.REFERENCE}: mean quotient of the runs of a repeat, (95 % CI).
IOPS: higher is better; seconds, bytes for each byte, and instructions (of the
driver's own modules) and interrupts for each I/O: lower is better.
"""

NVME_NOTES = f"""\
Medians of the repeats; [..]: quartiles (extremes in summary.json).
vs {nvme.REFERENCE}: mean quotient of the runs of a repeat, (95 % CI).
insn/IO: instructions in the text of the driver's own modules
({', '.join('+'.join(m) for m in nvme.MODULES.values())}).
doorbells/IO: their writes to the device. irqs/IO: of the I/O queues.
IOPS: higher is better; all others: lower is better.
"""

NVME_NATIVE_NOTES = f"""\
ns: time of an I/O, median of the repeats; [..]: quartiles (extremes in summary.json).
model: what the controller itself takes of it, the floor of both drivers; rest: driver,
block layer and load. vs {nvme.REFERENCE}: how many times as fast, mean of the repeats, (95 % CI).
"""

NATIVE_NOTES = f"""\
ns: time of an I/O, lower is better. vs {null_blk.REFERENCE}: how many times as fast;
vs .. by movsb: the same if {null_blk.REFERENCE} copied by rep movsb, as it does where the
kernel patches itself while it boots; calculated. of memcpy, of movsb: speed in units of
what copying alone takes, with either kind of copy.
"""

CLOCKS = {
    "native": "Native time: one job inside the kernel, on the processor itself, "
              "with its caches.",
    "smp": "Native time of two CPUs: tells about locks and lines that jobs share, "
           "not\nabout the cost of an I/O.",
    "virtual": "Virtual time: one CPU, one nanosecond for each instruction. "
               "Tells instructions\nfor each I/O, nothing about caches.",
    "wall": "Wall time, as it passed in the machine.",
    "counted": "Counted: one CPU; instructions are exact, time is as it passed.",
}

# Digits behind the point of what --nvme measures
DIGITS = {"iops": 0, "instructions": 1, "doorbells": 4, "interrupts": 4}


def number(value, unit):
    """A figure with as many digits as it deserves."""
    if unit == "IOPS" or (unit == "ns" and value >= 1000):
        return f"{value:,.0f}"
    if unit == "ns":
        return f"{value:.1f}"
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
    if row["metric"] in ("iops", "ns"):
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


# Columns that only some clocks have, and what they are called in a row
MORE = {"by movsb": "to_reference_movsb",
        **{f"of {name}": f"of_{name}" for name in native.LIMITS}}


def _short_ratio(ratio):
    return f"{ratio['ratio']:.2f}" if ratio else "-"


def _cells(rows):
    more = {title: key for title, key in MORE.items()
            if any(row.get(key) for row in rows)}
    header = ["cell", "driver", "n", "median", "", "unit",
              f"vs {null_blk.REFERENCE}", *more]
    lines = [[row_label(r), r["driver"], str(r["n"]),
              number(r["median"], r["unit"]), _spread(r, r["unit"]),
              r["unit"], ratio_text(r["to_reference"]),
              *(_short_ratio(r.get(key)) for key in more.values())]
             for r in rows]
    return layout(header, blank_repeats(lines))


def _gains(rows):
    header = ["gain by jobs", "driver", "n", "median", "",
              "mean gain", "vs floor's gain"]
    lines = [[f"{r['family']} 1j to {r['jobs']}j", r["driver"], str(r["n"]),
              f"{r['median']:.3f}",
              _spread(r, ""), ratio_text(r["gain"]), ratio_text(r["to_floor"])]
             for r in rows]
    return layout(header, blank_repeats(lines))


def _nvme_number(row):
    """The median, with as many digits as it deserves."""
    if row is None:
        return "-"
    return f"{row['median']:,.{DIGITS[row['metric']]}f}"


def _nvme_versus(row):
    """The quotient to the reference; the interval only for IOPS, as the others
    hardly have one."""
    ratio = row and row["to_reference"]
    if not ratio:
        return "-"
    if row["metric"] == "iops":
        return ratio_text(ratio)
    return f"{ratio['ratio']:.3f}"


def _by_line(rows):
    """{(cell, driver): {metric: row}}"""
    by_line = {}
    for row in rows:
        by_line.setdefault((row["cell"], row["driver"]), {})[row["metric"]] = row
    return by_line


def _nvme_cells(rows):
    """A line for each cell and driver, with a column for each metric."""
    versus = f"vs {nvme.REFERENCE}"
    header = ["cell", "driver", "n", "IOPS", "", versus, "insn/IO", versus,
              "doorbells/IO", versus, "irqs/IO", versus]
    lines = []
    for (cell, driver), by_metric in _by_line(rows).items():
        iops = by_metric["iops"]
        line = [cell, driver, str(iops["n"]), _nvme_number(iops),
                f"[{iops['q1']:,.0f} .. {iops['q3']:,.0f}]", _nvme_versus(iops)]
        for metric in ("instructions", "doorbells", "interrupts"):
            row = by_metric.get(metric)
            line += [_nvme_number(row), _nvme_versus(row)]
        lines.append(line)
    return layout(header, blank_repeats(lines))


def _load_head(name, part):
    """What was measured, where, and whether something else ran meanwhile."""
    facts = part["facts"]
    load = "mqblk_load" if "pinned" in facts else facts["fio"]
    where = f" ({facts['machine']})" if "machine" in facts else ""
    text = (f"{CLOCKS[name]}\n"
            f"Linux {facts['kernel']}{where}, {facts['cpus']} CPU(s), {facts['cpu']}; "
            f"{load}; each run {part['limit']}\n")
    if busy.is_noisy(facts):
        text += ("NOISY: others used "
                 f"{float(facts['cpus_of_others']) + float(facts['cpus_stolen']):.1f}"
                 " CPUs meanwhile; repeat it on an idle machine\n")
    return text


def _nvme_native_line(cell, driver, by_metric):
    ns, model, rest = (by_metric[metric] for metric in ("ns", "model", "rest"))
    return [cell, driver, str(ns["n"]), number(ns["median"], "ns"),
            _spread(ns, "ns"), ratio_text(ns["to_reference"]),
            number(model["median"], "ns"), number(rest["median"], "ns"),
            ratio_text(rest["to_reference"])]


def _nvme_native_cells(rows):
    """A line for each cell and driver."""
    versus = f"vs {nvme.REFERENCE}"
    header = ["cell", "driver", "n", "ns", "", versus, "model", "rest", versus]
    return layout(header, blank_repeats(
        [_nvme_native_line(*key, by_metric)
         for key, by_metric in _by_line(rows).items()]))


def _nvme_clock(name, part):
    if name == "native":
        return _load_head(name, part) + "\n" + _nvme_native_cells(part["rows"])
    facts = part["facts"]
    return (f"{CLOCKS[name]}\n"
            f"Linux {facts['kernel']}, {facts['cpus']} CPU(s), {facts['cpu']}; "
            f"{facts['fio']}\n\n" + _nvme_cells(part["rows"]))


def _clock(name, part):
    text = _load_head(name, part)
    for driver, why in part["without"].items():
        text += f"Left out: {driver}: {why}\n"
    text += "\n" + _cells(part["rows"])
    if part["gains"]:
        text += "\n" + _gains(part["gains"])
    return text


def _head(summary):
    """When, what and where."""
    return (f"{summary['date']}  revision {summary['revision']}\n"
            f"{summary['machine']['cpu']}, {summary['machine']['cpus']} CPU(s)"
            f"{'; ' + summary['qemu'] if summary['qemu'] else ''}\n")


def _notes(clocks, is_nvme):
    """What the words of the tables mean."""
    if not is_nvme:
        return [NOTES, NATIVE_NOTES] if "native" in clocks else [NOTES]
    return [NVME_NATIVE_NOTES if "native" in clocks else NVME_NOTES]


def render(summary, is_nvme=False):
    """The whole table."""
    clocks = summary["clocks"]
    clock = _nvme_clock if is_nvme else _clock
    return "\n".join([_head(summary),
                      *(clock(name, part) for name, part in clocks.items()),
                      *_notes(clocks, is_nvme)])
