# SPDX-License-Identifier: GPL-2.0
"""The summary of scripts/bench --nvme as text."""

import nvme_cells
import table

NOTES = f"""\
Medians of the repeats; [..]: quartiles (extremes in summary.json).
vs {nvme_cells.REFERENCE}: mean quotient of the runs of a repeat, (95 % CI).
insn/IO: instructions in the text of the driver's own modules
({', '.join('+'.join(m) for m in nvme_cells.MODULES.values())}).
doorbells/IO: their writes to the device. irqs/IO: of the I/O queues.
IOPS: higher is better; all others: lower is better.
"""

CLOCKS = {
    "counted": "Counted: one CPU; instructions are exact, time is as it passed.",
    "wall": "Wall time, as it passed in the machine.",
}

DIGITS = {"iops": 0, "instructions": 1, "doorbells": 4, "interrupts": 4}


def number(row):
    """The median, with as many digits as it deserves."""
    if row is None:
        return "-"
    return f"{row['median']:,.{DIGITS[row['metric']]}f}"


def spread(row):
    """The quartiles."""
    digits = DIGITS[row["metric"]]
    return f"[{row['q1']:,.{digits}f} .. {row['q3']:,.{digits}f}]"


def _versus(row):
    """The quotient to the reference; the interval only for IOPS, as the others
    hardly have one."""
    ratio = row and row["to_reference"]
    if not ratio:
        return "-"
    if row["metric"] == "iops":
        return table.ratio_text(ratio)
    return f"{ratio['ratio']:.3f}"


def pivot(rows):
    """{(cell, driver): {metric: row}}, in order."""
    found = {}
    for row in rows:
        found.setdefault((row["cell"], row["driver"]), {})[row["metric"]] = row
    return found


def _line(cell, driver, by_metric):
    iops = by_metric["iops"]
    insn, bells, irqs = (by_metric.get(m) for m in
                         ("instructions", "doorbells", "interrupts"))
    return [cell, driver, str(iops["n"]), number(iops), spread(iops),
            _versus(iops), number(insn), _versus(insn),
            number(bells), _versus(bells), number(irqs), _versus(irqs)]


def _cells(rows):
    versus = f"vs {nvme_cells.REFERENCE}"
    header = ["cell", "driver", "n", "IOPS", "", versus, "insn/IO", versus,
              "doorbells/IO", versus, "irqs/IO", versus]
    lines = [_line(*key, by_metric) for key, by_metric in pivot(rows).items()]
    return table.layout(header, table.blank_repeats(lines))


def _clock(name, part):
    facts = part["facts"]
    return (f"{CLOCKS[name]}\n"
            f"Linux {facts['kernel']}, {facts['cpus']} CPU(s), {facts['cpu']}; "
            f"{facts['fio']}\n\n" + _cells(part["rows"]))


def render(summary):
    """The whole table."""
    parts = [_clock(name, part) for name, part in summary["clocks"].items()]
    return "\n".join([table.head(summary)] + parts + [NOTES])
