"""Several `hub process` at work on one backlog come to the tables of one alone, even when one of them is killed."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest

from energy.model import Message
from energy.territory import parse_territory
from store import registry
from store.connect import connect
from tests.appending import Store, open_store
from tests.conftest import AskForTemplate
from tests.databases import new_database
from tests.hub_process import Hub, count, running_hub, wait_until
from tests.servers import Postgres

HOMES = 24
DAYS = 25  # with the homes, more marks than a worker takes at once
FIRST = datetime.combine(datetime.now(UTC).date() - timedelta(days=DAYS + 2), datetime.min.time(), UTC)
HOURS = range(24 * DAYS)
COMPUTED: Final[dict[str, LiteralString]] = {
    "interval": """SELECT p.id, i.flow, i.source, i.start, i.energy_wh, i.quality, i.method
        FROM interval AS i JOIN point AS p ON p.no = i.point_no ORDER BY 1, 2, 3, 4""",
    "balance": "SELECT c.id, b.* FROM balance AS b JOIN community AS c ON c.no = b.community_no ORDER BY 1, b.start",
    "allocation": """SELECT p.id, a.start, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh,
        a.surplus_wh, a.quality FROM allocation AS a JOIN point AS p ON p.no = a.point_no ORDER BY 1, 2""",
}


def is_roof(home: int) -> bool:
    return home % 4 == 0


def street_text() -> str:
    """A territory of two communities; each fourth home is a roof."""
    text = "".join(f'[[community]]\nid = "c{n}"\nname = "c"\nplace = "p"\nzone = "UTC"\n' for n in range(2))
    text += '[[holder]]\nid = "someone"\n'
    for home in range(HOMES):
        role, measures = ("producer", "production") if is_roof(home) else ("consumer", "grid")
        text += (
            f'[[point]]\nid = "p{home}"\nholder = "someone"\nname = "p"\ncategory = "home"\nrole = "{role}"\n'
            f'community = "c{home // 2 % 2}"\ndevice = [{{ id = "d{home}", measures = "{measures}" }}]\n'
        )
    return text


def told_by_street(hours: Sequence[int]) -> list[Message]:
    """Registers of the whole street at hours since FIRST, one message a home."""
    return [
        Message(
            f"hub/v1/d{home}",
            json.dumps(
                [
                    {
                        "at": (FIRST + timedelta(hours=hour)).isoformat(),
                        "pv_wh" if is_roof(home) else "import_wh": 1000 + hour * (home + 1) * 97 + hour % 7,
                    }
                    for hour in hours
                ]
            ).encode(),
            datetime.now(UTC),
        )
        for home in range(HOMES)
    ]


def compute_street(url: str, work: Callable[[Store], None]) -> dict[str, list[tuple[Any, ...]]]:
    """Append a backlog with gaps, let it be computed, and return the tables that came out of it."""
    territory = parse_territory(street_text())
    with connect(url) as connection, open_store(url) as store:
        registry.apply_changes(connection, registry.difference(registry.read_territory(connection), territory))
        store.append(*told_by_street([hour for hour in HOURS if hour % 5 != 3]))
        assert store.rows("SELECT count(*) > 500 FROM stale") == [(True,)], "one worker cannot take all at once"
        work(store)
        wait_until(lambda: count(url, "stale") == 0, "end of the computation", deadline_s=60)
        return {name: store.rows(query) for name, query in COMPUTED.items()}


@pytest.mark.slow
def test_many_workers_come_to_the_tables_of_one(
    database_server: Postgres, ask_for_template: AskForTemplate, tmp_path: Path
) -> None:
    late = told_by_street([hour for hour in HOURS if hour % 5 == 3])
    with ExitStack() as stack:
        template = ask_for_template(database_server)
        urls = [stack.enter_context(new_database(database_server, template)) for _ in range(2)]

        def start(name: str, url: str) -> Hub:
            log, settings = tmp_path / name, {"database_url": url}
            return stack.enter_context(running_hub("process", log=log, settings=settings, until=""))

        def one(store: Store) -> None:
            store.append(*late)
            start("alone", urls[0])

        def many(store: Store) -> None:
            first, second = start("first", urls[1]), start("second", urls[1])
            wait_until(lambda: count(urls[1], "interval") > 0, "first intervals")
            store.append(*late)
            first.kill()
            first.start(until="")
            wait_until(lambda: count(urls[1], "stale") == 0, "end of the computation", deadline_s=60)
            assert (first.terminate(), second.terminate()) == (0, 0)
            assert "Traceback" not in first.said + second.said

        alone, together = compute_street(urls[0], one), compute_street(urls[1], many)
        for table, rows in alone.items():
            assert together[table] == rows, table
        assert len(alone["interval"]) == HOMES * 4 * (HOURS[-1] - HOURS[0]), "no hour is missing"
