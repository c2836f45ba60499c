"""A plot of figures as SVG: for each thing that is measured, a panel with a line a program.

Both axes are logarithmic.
"""

from math import floor, log10
from xml.sax.saxutils import escape

# A color and dashes for each, which also who sees no colors can tell apart.
STYLES = {
    "this project": ("#0b6e4f", "none"),
    "stock Mezzanine": ("#c1440e", "6 3"),
    "Wagtail": ("#3b5b92", "2 3"),
}
WIDTH, HEIGHT, ACROSS = 300, 220, 3  # of a panel, in pixels, and how many are in a row
LEFT, RIGHT, TOP, BOTTOM = 50, 24, 34, 40  # what is free around the lines of a panel
LEGEND = 34


def draw(found):
    """Return the SVG for {kind: {size: {what: {program: {"cpu": seconds}}}}}."""
    panels = []
    for kind, by_size in found.items():
        for what in next(iter(by_size.values())):
            costs = {size: of_size[what] for size, of_size in by_size.items()}
            panels.append(panel(what, kind, costs, limits(found)))
    rows = -(-len(panels) // ACROSS)
    width, height = ACROSS * WIDTH, rows * HEIGHT + LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="sans-serif" font-size="11" fill="#333">',
        "<title>CPU of an answer, by number of pages and posts</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *legend(),
    ]
    for number, lines in enumerate(panels):
        x, y = number % ACROSS * WIDTH, number // ACROSS * HEIGHT + LEGEND
        parts += [f'<g transform="translate({x} {y})">', *lines, "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def limits(found):
    """Return the powers of ten, in milliseconds, between which all figures are."""
    costs = [
        cost["cpu"] * 1000
        for by_size in found.values()
        for of_size in by_size.values()
        for of_what in of_size.values()
        for cost in of_what.values()
    ]
    return floor(log10(min(costs))), floor(log10(max(costs))) + 1


def legend():
    for number, (name, style) in enumerate(STYLES.items()):
        x = LEFT + number * 160
        yield line([(x, 20), (x + 28, 20)], style)
        yield text(x + 34, 24, name)


def line(points, style):
    color, dashes = style
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"'
        f' stroke-dasharray="{dashes}"/>'
    )


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def panel(what, kind, costs, limits):
    """Yield the elements of a panel; costs are {size: {program: {"cpu": seconds}}}."""
    sizes, (low, high) = list(costs), limits
    first, last = log10(sizes[0]), log10(sizes[-1])

    def x(size):
        return LEFT + (log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(milliseconds):
        share = (log10(milliseconds) - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    yield text(LEFT, TOP - 14, what, more=' font-weight="bold"')
    for power in range(low, high + 1):
        at = y(10**power)
        yield f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield text(LEFT - 6, at + 4, words_for(10**power), "end")
    for size in sizes:
        yield text(x(size), HEIGHT - BOTTOM + 16, f"{size:,}", "middle")
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 31, kind, "middle")
    for name, style in STYLES.items():
        if name in costs[sizes[0]]:
            yield line([(x(s), y(costs[s][name]["cpu"] * 1000)) for s in sizes], style)


def words_for(milliseconds):
    return f"{milliseconds:,} ms" if milliseconds < 1000 else f"{milliseconds // 1000:,} s"
