"""A ledger of the agent, and what is in it."""

NOW = 1_800_000_000.0


def last_two_labels(name):
    return ".".join(name.split(".")[-2:])


def due(kept, now=NOW):
    return [row["name"] for row in kept.due(now)]


def row_of(kept, name):
    return kept.all("SELECT * FROM name WHERE name = :name", name=name)[0]


def may_order(kept, name, now):
    return [row["name"] for row in kept.allowed([row_of(kept, name)], now)] == [name]
