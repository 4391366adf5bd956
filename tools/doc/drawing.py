# SPDX-License-Identifier: GPL-2.0
"""A module's files as a drawing: whoever calls is above whoever is called.

Files that call each other in a circle have one frame, as none of them is above another.
An arrow that follows from others is left out of the picture; the text has all of them.
"""

from calls import circles

BOX_HEIGHT = 26
ROW = 78
GAP = 16
MARGIN = 12
PER_LETTER = 8


def groups_of(arrows):
    """The rooms of each circle together, and each other one by itself: tuples."""
    found = [tuple(sorted(circle)) for circle in circles(arrows)]
    taken = {room for group in found for room in group}
    return sorted(found + [(room,) for room in arrows if room not in taken])


def between(groups, arrows):
    """{group: groups that it calls}"""
    group_of = {room: group for group in groups for room in group}
    return {group: {group_of[other] for room in group for other in arrows[room]}
            - {group} for group in groups}


def reachable(below, group, found=None):
    """All groups below one."""
    found = set() if found is None else found
    for other in below[group] - found:
        found.add(other)
        reachable(below, other, found)
    return found


def reduce(below):
    """Without the arrows that follow from others."""
    return {group: {other for other in others
                    if not any(other in reachable(below, middle)
                               for middle in others - {other})}
            for group, others in below.items()}


def layers(below):
    """Lists of groups: each is below all that call it, as high as it can be."""
    level = {}

    def place(group):
        if group not in level:
            callers = [g for g, others in below.items() if group in others]
            level[group] = max((place(g) + 1 for g in callers), default=0)
        return level[group]

    for group in below:
        place(group)
    return [sorted(g for g in below if level[g] == n)
            for n in range(max(level.values(), default=-1) + 1)]


def text(arrows):
    """A line for each file, from the top down, with what it calls."""
    groups = groups_of(arrows)
    width = max(map(len, arrows))
    lines = []
    for row in layers(between(groups, arrows)):
        for group in row:
            for room in group:
                mark = "*" if len(group) > 1 else " "
                called = " ".join(sorted(arrows[room])) or "-"
                lines.append(f"{mark} {room:{width}}  {called}")
    return "\n".join(lines) + "\n"


def _width(group):
    return sum(PER_LETTER * len(room) + 18 for room in group) + \
        GAP * (len(group) - 1) + (2 * GAP if len(group) > 1 else 0)


def _places(rows, below):
    """{group: (x, y)} of the upper left corners, and the picture's width. In a row,
    groups are ordered by where those that call them are."""
    widths = [sum(map(_width, row)) + GAP * (len(row) - 1) for row in rows]
    total = max(widths) + 2 * MARGIN
    places, middle = {}, {}
    for number, row in enumerate(rows):
        def wish(group):
            above = [middle[g] for g, others in below.items()
                     if group in others and g in middle]
            return (round(sum(above) / len(above)) if above else 0, group)

        x = (total - widths[number]) // 2
        for group in sorted(row, key=wish):
            places[group] = (x, MARGIN + number * ROW)
            middle[group] = x + _width(group) // 2
            x += _width(group) + GAP
    return places, total


def _box(room, x, y):
    width = PER_LETTER * len(room) + 18
    return (f'<rect class="box" x="{x}" y="{y}" width="{width}" '
            f'height="{BOX_HEIGHT}" rx="4"/>'
            f'<text x="{x + width // 2}" y="{y + 17}">{room}</text>')


def _group(group, x, y):
    if len(group) == 1:
        return [_box(group[0], x, y)]
    lines = [f'<rect class="circle" x="{x}" y="{y - 7}" '
             f'width="{_width(group)}" height="{BOX_HEIGHT + 14}" rx="8"/>']
    x += GAP
    for room in group:
        lines.append(_box(room, x, y))
        x += PER_LETTER * len(room) + 18 + GAP
    return lines


def _arrow(one, other, places):
    (x1, y1), (x2, y2) = places[one], places[other]
    x1, x2 = x1 + _width(one) // 2, x2 + _width(other) // 2
    y1 += BOX_HEIGHT + (7 if len(one) > 1 else 0)
    y2 -= 9 if len(other) > 1 else 2
    bend = (y2 - y1) // 2
    return (f'<path class="arrow" d="M{x1} {y1} C{x1} {y1 + bend} '
            f'{x2} {y2 - bend} {x2} {y2}" marker-end="url(#tip)"/>')


STYLE = """\
<style>
text { font: 13px monospace; text-anchor: middle; fill: #222 }
.box { fill: #f4f1ea; stroke: #555 }
.circle { fill: none; stroke: #c1440e; stroke-dasharray: 5 3 }
.arrow { fill: none; stroke: #5b6b7a }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" \
markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#5b6b7a"/>\
</marker></defs>
"""


def svg(arrows):
    """The picture."""
    groups = groups_of(arrows)
    below = between(groups, arrows)
    rows = layers(below)
    places, width = _places(rows, below)
    lines = [_arrow(one, other, places)
             for one, others in sorted(reduce(below).items())
             for other in sorted(others)]
    for group in groups:
        lines += _group(group, *places[group])
    height = MARGIN * 2 + ROW * (len(rows) - 1) + BOX_HEIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}">\n{STYLE}' + "\n".join(lines) + "\n</svg>\n")
