"""What pages cost as a site grows, beside stock Mezzanine and Wagtail: nox -s growth.

Writes docs/growth.md and docs/growth.svg. The programs are asked in turn, one page after the other,
so that whatever else the machine does is the same for all.
"""

import datetime
import platform

import chart
import programs
import pytest
from support import TEMPLATE
from worker import LONG

SIZES = {
    "pages, ten below each": (10, 1_000, 10_000),
    "pages, one level": (10, 1_000, 5_000),
    "pages, twelve deep": (10, 1_000, 5_000),
    "posts": (10, 1_000, 50_000),
}
ROUNDS = 3  # of which the least CPU counts, for what takes less than LONG
STATUS = {"new 404": 404}

TEXT = """# Growth

Written by `nox -s growth`, and not by hand. {date}; Linux {kernel}, Python {python}.

What an answer costs in CPU, the program's and PostgreSQL's together, in milliseconds: each page is
made anew, and all that is loaded once is loaded, as what pages of a site share is on a server. A
new 404 is that of an address that nobody has asked for. The programs run on one machine and one
PostgreSQL, and are asked in turn; what takes more than a second is asked once, all else {rounds}
times, of which the least counts. Times differ from run to run: it is the ratios that count.

Pages have a text of 150 words. This project and stock Mezzanine 6.1.1 have the same content.
Wagtail has what `wagtail start` makes, pages with a title on one level, and neither a menu nor a
blog. Above 1,000 addresses, the site map of this project is a list of its parts.

![CPU by number of pages and posts](growth.svg)

{tables}
"""


@pytest.fixture(scope="module")
def rivals(project, database, tmp_path_factory):
    """This project and the others, started."""
    where = tmp_path_factory.mktemp("rivals")
    started = [
        programs.this_project(project, database),
        programs.stock_mezzanine(database, where),
        programs.wagtail(database, where),
    ]
    yield started
    for program in started:
        program.stop()


def measure(rivals, kind):
    """Return what the answers cost, a dict, by what is asked for and the name of the program."""
    found = {}
    for _ in range(ROUNDS):
        for what in programs.Program.asked[kind]:
            for program in rivals:
                if kind in program.asked:
                    least = found.setdefault(what, {})
                    least[program.name] = least_of(least.get(program.name), program, kind, what)
    return found


def least_of(before, program, kind, what):
    """Ask a program once more, unless that took LONG; return what the answer costs at least."""
    if before and before["cpu"] > LONG:
        return before
    path, who = program.asked[kind][what]
    cost = program.ask(path=path, who=who)
    assert cost["status"] == STATUS.get(what, 200), (program.name, path, cost)
    return {key: min(value, cost[key]) for key, value in (before or cost).items()}


def grow(rivals, kind, sizes):
    """Return what measure() does, by size, as there are more and more pages or posts."""
    found, before = {}, 0
    for size in sizes:
        for program in rivals:
            if kind in program.asked:
                program.grow(kind, before, size)
        found[size] = measure(rivals, kind)
        print(f"{size:,} {kind}: measured", flush=True)
        before = size
    return found


def table(kind, found):
    """Return a table in Markdown for what grow() returns."""
    first, *_ = found.values()
    names = list(dict.fromkeys(name for costs in first.values() for name in costs))
    last, least = max(found), min(found)
    heads = [kind, "program", *(f"{size:,}" for size in found), f"CPU, {last:,} / {least:,}"]
    lines = [heads, ["---", "---", *["---:"] * (len(found) + 1)]]
    for what in first:
        for name in names:
            if name in first[what]:
                costs = [of_size[what][name] for of_size in found.values()]
                cells = ["{:,.0f} ms, {} queries, {:,.0f} kB".format(*figures(c)) for c in costs]
                ratio = f"{costs[-1]['cpu'] / costs[0]['cpu']:.1f}"
                lines.append([what, name, *cells, ratio])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figures(cost):
    return cost["cpu"] * 1000, cost["queries"], cost["bytes"] / 1000


def test_growth(rivals):
    found = {kind: grow(rivals, kind, sizes) for kind, sizes in SIZES.items()}
    tables = "\n\n".join(table(kind, by_size) for kind, by_size in found.items())
    about = {"rounds": ROUNDS, "kernel": platform.release(), "python": platform.python_version()}
    text = TEXT.format(date=datetime.date.today(), tables=tables, **about)
    (TEMPLATE / "docs/growth.md").write_text(text, encoding="utf-8")
    (TEMPLATE / "docs/growth.svg").write_text(chart.draw(found), encoding="utf-8")
    print(f"\n{text}")
