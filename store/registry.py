"""The declared territory: read it, compare it with another, and make the database equal to it."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import psycopg

from energy.key_rules import key_of, rule_of, words_of
from energy.model import (
    INTERVAL_SOURCES,
    ChannelRole,
    Community,
    DeviceMapping,
    Holder,
    HolderKind,
    KeyVersion,
    Measures,
    Membership,
    MeteringPoint,
    Quantity,
    Role,
    Territory,
)
from energy.participation import WHOLE_PERCENT
from energy.tariffs import TariffVersion
from energy.territory_sites import role_text
from energy.territory_tariffs import tariff_of, tariff_rule_of
from energy.time import rfc3339
from energy.validity import FOREVER, FOREVER_AGO, Validity
from store import spans, statements
from store.queries import statement
from store.sites import row_of, site_of

Row: TypeAlias = Mapping[str, Any]
TABLES = ("community", "holder", "point", "device_mapping", "membership", "sharing_key", "tariff", "site")
"""In the order in which rows may be added; they are removed in the opposite order."""
NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """One row to add, alter or remove; `text` says it to people, `before` is the row that is altered."""

    action: Literal["add", "alter", "remove"]
    table: str
    row: Row
    text: str
    before: Row | None = None


def read_territory(connection: psycopg.Connection) -> Territory:
    """The territory as the database knows it."""
    rows = {table: connection.execute(statement(f"territory_{table}")).fetchall() for table in TABLES}
    return Territory(
        communities=tuple(Community(*row) for row in rows["community"]),
        holders=tuple(Holder(id_, HolderKind(kind), consent) for id_, kind, consent in rows["holder"]),
        points=tuple(
            MeteringPoint(id_, holder, name, Role(role), category, limit_w, tuple(groups))
            for id_, holder, name, role, category, limit_w, groups in rows["point"]
        ),
        mappings=tuple(
            DeviceMapping(point, device, channel, Measures(measures), Validity(start, end))
            for point, device, channel, measures, start, end in rows["device_mapping"]
        ),
        memberships=tuple(
            Membership(community, point, Validity(start, end), percent)
            for community, point, start, end, percent in rows["membership"]
        ),
        keys=tuple(
            KeyVersion(community, key_of(rule), Validity(start, end))
            for community, rule, start, end in rows["sharing_key"]
        ),
        tariffs=tuple(
            TariffVersion(community, tariff_of(rule, Validity(start, end)))
            for community, rule, start, end in rows["tariff"]
        ),
        sites=tuple(site_of(*row) for row in rows["site"]),
    )


def difference(before: Territory, after: Territory) -> list[Change]:
    """What must change to go from one territory to the other, in an order in which it can be done."""
    changes: list[Change] = []
    old_rows, new_rows = _rows(before), _rows(after)
    for table in TABLES:
        old, new = old_rows[table], new_rows[table]
        for key, row in new.items():
            if key not in old:
                changes.append(Change("add", table, row, f"+ {_say(table, row)}"))
            elif old[key] != row:
                changed = [text for column in row for text in _changes(column, old[key][column], row[column])]
                changes.append(Change("alter", table, row, f"~ {_say(table, row)} ({', '.join(changed)})", old[key]))
    for table in reversed(TABLES):
        for key, row in old_rows[table].items():
            if key not in new_rows[table]:
                changes.append(Change("remove", table, row, f"- {_say(table, row)}"))
    return _removals_of_dates_first(changes)


def lock_territory(connection: psycopg.Connection) -> None:
    """Keep the territory for the open transaction: what is compared with a file stays so until it is changed."""
    connection.execute(statement("territory_change"))


def apply_changes(connection: psycopg.Connection, changes: Iterable[Change]) -> None:
    """Make the changes in one transaction, and mark stale all that they touch.

    Readings are never touched; what was computed for a point that goes is removed with it. What could not be computed
    again without it stays: the balances, and its part of them. Workers wait meanwhile: one that computed by the old
    territory could otherwise write after what it wrote was forgotten.
    """
    changes = list(changes)
    members = {change.row["point"] for change in changes if change.table == "membership"}
    with connection.transaction():
        lock_territory(connection)
        connection.execute(statement("points_going"), {"points": removed_points(changes)})
        for change in changes:
            row = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in change.row.items()}
            verb = "remove" if change.action == "remove" else "put"
            connection.execute(statement(f"{verb}_{change.table}"), row)
        _mark_points(connection, {point for change in changes for point in touched_points(change)})
        touched = {community for change in changes for community in touched_communities(change)}
        _mark_communities(connection, touched | _communities_of(connection, members))
        statements.mark_all(connection, *(_altered_value(changes, table) for table in ("community", "point", "holder")))


def removed_points(changes: Iterable[Change]) -> list[str]:
    """Points that go, by id."""
    return [change.row["id"] for change in changes if change.action == "remove" and change.table == "point"]


def touched_points(change: Change) -> set[str]:
    """Points whose intervals or awaited flows the change makes others: both ends of a device that moves."""
    rows = [change.row] if change.before is None else [change.row, change.before]
    if change.table == "device_mapping":
        return {row["point"] for row in rows}
    alters = change.table == "point" and _alters(change, "role", "limit_w")
    return {change.row["id"]} if alters else set()


def touched_communities(change: Change) -> set[str]:
    """Communities whose members, key or step the change makes others."""
    if change.table in ("membership", "sharing_key"):
        return {change.row["community"]}
    alters = change.table == "community" and _alters(change, "step_min")
    return {change.row["id"]} if alters else set()


def _altered_value(changes: Iterable[Change], table: str) -> set[str]:
    """Communities, points or holders whose changes leave energy as it is and make other statements of it."""
    columns = {"community": ["zone"], "point": ["holder", "category", "groups"], "holder": ["kind"]}[table]
    altered = {change.row["id"] for change in changes if change.table == table and _alters(change, *columns)}
    priced = {change.row["community"] for change in changes if change.table == "tariff"}
    return altered | priced if table == "community" else altered


def _alters(change: Change, *columns: str) -> bool:
    before = change.before
    return before is not None and any(before[column] != change.row[column] for column in columns)


def _mark_points(connection: psycopg.Connection, points: set[str]) -> None:
    """Forget what the devices of points gave, and mark what they ever said and the balances it was in."""
    if not points:
        return
    ids = {"points": sorted(points)}
    connection.execute(statement("power_forget"), ids)
    connection.execute(statement("intervals_forget"), ids)
    spans.mark(connection, "community", connection.execute(statement("balance_days_of_points"), ids).fetchall())
    connection.execute(statement("gaps_forget"), ids)
    sources = {**ids, "quantities": sorted(INTERVAL_SOURCES)}
    spans.mark(connection, "series", connection.execute(statement("series_days_of_points"), sources).fetchall())


def _mark_communities(connection: psycopg.Connection, communities: set[str]) -> None:
    if communities:
        stale = connection.execute(statement("community_days"), {"communities": sorted(communities)}).fetchall()
        spans.mark(connection, "community", stale)


def _communities_of(connection: psycopg.Connection, points: set[str]) -> set[str]:
    """Communities that points take part in: how a point is divided in one depends on those before it."""
    rows = connection.execute(statement("communities_with_points"), {"points": sorted(points)}).fetchall()
    return {community for (community,) in rows}


def _rows(territory: Territory) -> dict[str, dict[Any, Row]]:
    """Every declared thing as a row, by table and by what identifies it."""
    return {
        "community": {c.id: dataclasses.asdict(c) for c in territory.communities},
        "holder": {h.id: dataclasses.asdict(h) for h in territory.holders},
        "point": {p.id: {**dataclasses.asdict(p), "groups": [*p.groups]} for p in territory.points},
        "device_mapping": {
            (m.device, m.channel, m.validity.valid_from): {
                "point": m.point, "device": m.device, "channel": m.channel, "measures": m.measures, **_dates(m.validity)
            }
            for m in territory.mappings
        },
        "membership": {
            (m.community, m.point, m.validity.valid_from): {
                "community": m.community, "point": m.point, **_dates(m.validity),
                "participation_percent": m.participation_percent,
            }
            for m in territory.memberships
        },
        "sharing_key": {
            (k.community, k.validity.valid_from): {
                "community": k.community, "rule": rule_of(k.key), **_dates(k.validity)
            }
            for k in territory.keys
        },
        "tariff": {
            (t.community, t.tariff.validity.valid_from): {
                "community": t.community, "rule": tariff_rule_of(t.tariff), **_dates(t.tariff.validity)
            }
            for t in territory.tariffs
        },
        "site": {s.prefix: row_of(s) for s in territory.sites},
    }  # fmt: skip


def _removals_of_dates_first(changes: list[Change]) -> list[Change]:
    """Dated rows are removed before others are added: a device or key moves from one place to another."""
    dated = ("device_mapping", "membership", "sharing_key", "tariff")
    first = [c for c in changes if c.action == "remove" and c.table in dated]
    return first + [c for c in changes if not (c.action == "remove" and c.table in dated)]


def _dates(validity: Validity) -> dict[str, datetime]:
    return dataclasses.asdict(validity)


def _say(table: str, row: Row) -> str:
    match table:
        case "device_mapping":
            channel = f" channel {row['channel']}" if row["channel"] else ""
            what = f"device {row['device']}{channel} measures {row['measures']} of point {row['point']}"
        case "membership":
            part = row["participation_percent"]
            with_part = "" if part == WHOLE_PERCENT else f" with {part} %"
            what = f"point {row['point']} in community {row['community']}{with_part}"
        case "site":
            return f"site {row['prefix']}"
        case "sharing_key":
            what = f"{row['rule']['type']} key of community {row['community']}"
        case "tariff":
            what = f"tariff of community {row['community']}"
        case _:
            return f"{table} {row['id']}"
    since = "" if row["valid_from"] == FOREVER_AGO else f" from {rfc3339(row['valid_from'])}"
    until = "" if row["valid_to"] == FOREVER else f" to {rfc3339(row['valid_to'])}"
    return what + since + until


def _changes(column: str, old: Any, new: Any) -> list[str]:
    """What became of a column; of one that holds several things by name, what became of each."""
    if isinstance(old, dict) and isinstance(old.get("type"), str):  # a sharing key
        old, new = words_of(old), words_of(new)
    before, after = dict(_things(old, (column,))), dict(_things(new, (column,)))
    return [
        f"{', '.join(filter(None, place[1:])) or column}: {before.get(place, NOTHING)} -> {after.get(place, NOTHING)}"
        for place in {**before, **after}
        if before.get(place) != after.get(place)
    ]


def _things(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The single things that a column holds, as words, each with the names that lead to it."""
    if not isinstance(value, dict) or "quantity" in value:
        yield place, _word(value)
    elif not value and len(place) > 1:
        yield place, "nobody"
    else:
        for name, thing in value.items():
            yield from _things(thing, (*place, name))


def _word(value: object) -> str:
    match value:
        case datetime():
            return {FOREVER_AGO: "since ever", FOREVER: "no end"}.get(value) or rfc3339(value)
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value)) or NOTHING
        case {"quantity": str(quantity), "factor": float(factor)}:
            return role_text(ChannelRole(Quantity(quantity), factor))
    return NOTHING if value is None or value == "" else str(value)
