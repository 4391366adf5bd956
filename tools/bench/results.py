# SPDX-License-Identifier: GPL-2.0
"""Reads what a batch left: fio's JSON, or the small JSON of an extra one."""

import json

import counted
from plans import null_blk as cells


class ResultError(Exception):
    """A result file that cannot be used."""


def load_json(text):
    """fio's JSON document; fio may print notes in front of it."""
    start = text.find("{")
    if start < 0:
        raise ResultError("no JSON in the output of fio")
    try:
        return json.loads(text[start:])
    except json.JSONDecodeError as err:
        raise ResultError(f"broken JSON: {err}") from err


def direction(job):
    """The one direction in which a job group moved data."""
    if job.get("error"):
        raise ResultError(f"{job['jobname']}: fio reports error {job['error']}")
    sides = [job[s] for s in ("read", "write") if job[s]["total_ios"]]
    if len(sides) != 1:
        raise ResultError(f"{job['jobname']}: expected I/O of one direction")
    return sides[0]


def _iops(job):
    """I/Os per second, from what was counted."""
    side = direction(job)
    if not side["runtime"]:
        raise ResultError(f"{job['jobname']}: too short for fio's clock")
    return side["total_ios"] * 1000 / side["runtime"]


def fio_values(text):
    """{section: {metric: value}} of one process of fio."""
    jobs = load_json(text).get("jobs", [])
    found = {job["jobname"]: {"iops": _iops(job)} for job in jobs}
    if len(found) != len(jobs):
        raise ResultError("a section was reported twice")
    return found


def total_ios(text):
    """{section: I/Os} of one process of fio."""
    return {job["jobname"]: direction(job)["total_ios"]
            for job in load_json(text).get("jobs", [])}


def extra_values(text):
    """{metric: value} of an extra measurement."""
    document = load_json(text)
    if not document or any(
        isinstance(v, bool) or not isinstance(v, (int, float)) or v < 0
        for v in document.values()
    ):
        raise ResultError("expected non-negative numbers")
    return {name: float(value) for name, value in document.items()}


def insn_values(text, path, driver):
    """{metric: instructions per I/O}, from the numbers of I/Os and the files
    beside them. Leaves a file that tells functions apart."""
    with open(f"{path}.kallsyms", encoding="utf-8") as file:
        symbols = counted.read_symbols(file.read())
    found, report = {}, counted.FUNCTIONS_HEAD
    for metric, ios in extra_values(text).items():
        functions = counted.functions_of(symbols, f"{path}.{metric}.insn",
                                         cells.MODULES[driver])
        found[metric] = counted.total(functions).executed / ios
        report += counted.section_text(metric, functions, ios)
    with open(f"{path}.functions", "w", encoding="utf-8") as out:
        out.write(report)
    return found


def read(runs, directory):
    """{section: {metric: value}} of the runs of one batch."""
    path = f"{directory}/{runs[0].batch}.json"
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if runs[0].kind == "fio":
            found = fio_values(text)
        elif runs[0].kind == "insn":
            found = {runs[0].section: insn_values(text, path, runs[0].driver)}
        else:
            found = {runs[0].section: extra_values(text)}
    except (OSError, KeyError, UnicodeDecodeError, counted.CountError,
            ResultError) as err:
        raise ResultError(f"{path}: {err}") from err
    missing = [r.section for r in runs if r.section not in found]
    if missing:
        raise ResultError(f"{path}: nothing about {', '.join(missing)}")
    return found
