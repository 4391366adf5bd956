# SPDX-License-Identifier: GPL-2.0
"""A matrix as one HTML page that stands alone: pictures and numbers are in it."""

import base64
import html

import tally
from plans import matrix as cells

STYLE = """\
body { font: 15px/1.45 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em;
       color: #1f2933; }
img { max-width: 100%; height: auto; }
figure { margin: 1.5em 0; }
figcaption { color: #52606d; font-size: 13px; }
pre { font-size: 12px; overflow-x: auto; background: #f5f7fa; padding: 1em; }
table { border-collapse: collapse; font-size: 13px; }
td, th { padding: .2em .8em .2em 0; text-align: left; vertical-align: top; }
td.n { text-align: right; }
.bad { color: #b00020; }
"""


TITLES = {
    "drivers": "null_blk_c beside the other null block devices",
    "features": "What each feature of null_blk_c costs",
    "nvme": "nvme_c beside the kernel's nvme",
}


def _link(name, data, kind="text/csv"):
    """A link to data that is part of the page."""
    coded = base64.b64encode(data).decode()
    return (f'<a download="{html.escape(name)}" '
            f'href="data:{kind};base64,{coded}">{html.escape(name)}</a>')


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _figure(directory, picture):
    image = base64.b64encode(_read(f"{directory}/{picture.name}.png")).decode()
    caption = html.escape(picture.caption)
    numbers = _link(f"{picture.name}.csv", _read(f"{directory}/{picture.name}.csv"))
    return (f'<figure><img alt="{caption}" src="data:image/png;base64,{image}">'
            f"<figcaption>{caption} Numbers: {numbers}</figcaption></figure>")


def _means(means, which):
    lines = ["<table><tr><th>clock<th>store<th>jobs<th>beside<th>quotient<th>cells"
             f"<th>cells whose interval lies {tally.side(which)} 1</tr>"]
    for mean in means:
        bad = ", ".join(mean["bad"]) or "none"
        kind = ' class="bad"' if mean["bad"] else ""
        lines.append(
            f'<tr><td>{mean["clock"]}<td>{mean["store"]}<td class="n">{mean["jobs"]}'
            f'<td>{html.escape(mean["subject"])}<td class="n">{mean["ratio"]:.3f}'
            f'<td class="n">{mean["cells"]}<td{kind}>{html.escape(bad)}</tr>')
    return "\n".join([*lines, "</table>"])


def _facts(summary):
    lines = [f"command   {' '.join(summary['command'])}",
             f"date      {summary['date']}", f"revision  {summary['revision']}",
             f"processor {summary['machine']['cpu']}, "
             f"{summary['machine']['cpus']} CPUs"]
    for name, one in summary["machines"].items():
        facts = one["facts"]
        lines.append(f"{name}: Linux {facts.get('kernel', '?')}; CPUs that others "
                     f"used: {facts.get('cpus_of_others', '?')}")
    for clock, missing in summary["without"].items():
        lines += [f"{clock}: without {driver}: {why}"
                  for driver, why in missing.items()]
    return html.escape("\n".join(lines))


def write(directory, summary, pictures, text, which):
    """Write index.html; pictures and their numbers are in the directory."""
    title = TITLES[which]
    parts = [
        "<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{title}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1>", f"<pre>{_facts(summary)}</pre>",
        "<h2>Means over cells</h2>",
        f"<p>Geometric means of quotients of times, the other's to {cells.ours(which)}'s. "
        "A cell is STORE-OPERATION-BLOCKSIZE-qDEPTH-JOBSj.</p>",
        _means(summary["means"], which),
        "<h2>Pictures</h2>", *(_figure(directory, p) for p in pictures),
        "<h2>Figures</h2>",
        "<p>All samples: " + _link("samples.csv", _read(f"{directory}/samples.csv"))
        + "; all rows: " + _link("figures.csv", _read(f"{directory}/figures.csv"))
        + "</p>", f"<pre>{html.escape(text)}</pre>", "</body></html>", ""]
    with open(f"{directory}/index.html", "w", encoding="utf-8") as out:
        out.write("\n".join(parts))
