"""When somebody is forgotten, what is others' stays: messages, sites, days that wait, days that failed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from energy.errors import Unavailable
from energy.model import Message, Quantity
from store import erasure
from store.connect import connect
from store.erasure_names import names_of, needle_of
from store.kept import write_kept
from store.rejected import RejectedMessage, add_messages
from tests.forgetting import HOLDER, PAST, POINT, SWAPPED, TODAY, day_of, fill
from tests.hub_command import call_hub, refused
from tests.metering import append, apply, process, register, stored
from tests.test_frozen import TERRITORY

HOUR: Final = timedelta(hours=1)
WAITING: Final = TODAY - timedelta(days=2)
ALIKE: Final = """
[[community]]
id = "valley"
name = "Valley"
place = "Here"
[[holder]]
id = "one"
[[holder]]
id = "ten"
[[point]]
id = "p1"
holder = "one"
name = "P1"
category = "home"
community = "valley"
device = [{ id = "meter-1" }, { id = "north/meter77" }, { id = "node" }]
[[point]]
id = "p10"
holder = "ten"
name = "P10"
category = "home"
community = "valley"
device = [{ id = "meter-10" }, { id = "south/meter77" }, { id = "node/one" }]
[[site]]
prefix = "valley/meter-10"
zone = "Europe/Vienna"
[[site]]
prefix = "street/node"
name = "node"
zone = "Europe/Vienna"
"""


@pytest.fixture
def valley(both_migrated_url: str) -> Iterator[tuple[str, psycopg.Connection]]:
    with connect(both_migrated_url) as connection:
        fill(both_migrated_url, connection)
        yield both_migrated_url, connection


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def hub(url: str, *words: str) -> str:
    code, stdout, stderr = call_hub(*words, settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    return stdout


def test_names_that_are_alike(both_migrated_url: str) -> None:
    others = [
        "valley/meter-10/x",
        "spBv1.0/g/NBIRTH/meter-10",
        "gateway/meter77/x",
        "street/node/one/x",
        "a/b/node/one",
    ]
    theirs = ["valley/meter-1/x", "spBv1.0/g/NBIRTH/meter-1", "north/meter77/x", "street/node/two", "a/b/node"]
    with connect(both_migrated_url) as connection:
        apply(connection, ALIKE)
        for topic in (*others, *theirs):
            add_messages(connection, [RejectedMessage(Message(topic, b"?"), "no", PAST)])
            write_kept(connection, {topic: b"?"})
        hub(both_migrated_url, "forget", "one", "--yes")
        assert {topic for (topic,) in rows(connection, "SELECT topic FROM rejected_message")} == {*others}
        assert {topic for (topic,) in rows(connection, "SELECT topic FROM kept_message")} == {*others}
        assert rows(connection, "SELECT prefix FROM site ORDER BY 1") == [("street/node",), ("valley/meter-10",)]


@pytest.mark.parametrize(
    ("why", "device", "sites", "others", "names"),
    [
        ("an id as it is", "shelly-c0ffee", [], [], ["shelly-c0ffee"]),
        ("the site is the hub's", "barn/em-778899", ["", "mill", "barn"], [], ["barn/em-778899", "em-778899"]),
        ("a serial after a place", "deye/2712345678", [], [], ["deye/2712345678", "2712345678"]),
        ("a word after a place means nobody", "openWB/counter", [], [], ["openWB/counter"]),
        ("a serial after a kind", "shelly:abc123", [], [], ["shelly:abc123", "abc123"]),
        ("two of one serial", "north/meter77", ["north"], ["south/Meter77"], ["north/meter77"]),
        ("one that ends with more", "north/meter77", [], ["south/meter770"], ["north/meter77", "meter77"]),
    ],
)
def test_how_messages_name_a_device(
    why: str, device: str, sites: list[str], others: list[str], names: list[str]
) -> None:
    assert names_of(device, sites, others) == names, why


@pytest.mark.parametrize(
    ("why", "name", "others", "topic", "payload", "is_named"),
    [
        ("a level", "meter-1", [], "a/meter-1/b", b"", True),
        ("in other letters", "meter-1", [], "a/METER-1", b"", True),
        ("a longer number", "meter-1", [], "a/meter-10/b", b"", False),
        ("a longer word", "meter-1", [], "a/meter-1-b/b", b"", False),
        ("a longer word before", "meter-1", [], "a/flatmeter-1", b"", False),
        ("in JSON", "meter-1", [], "t", b'{"id":"meter-1"}', True),
        ("between bytes that are no text", "meter-1", [], "t", b"\x00\xffmeter-1\x00", True),
        ("a short one in a level", "m1", [], "a/m1/b", b"", True),
        ("a short one in a word", "m1", [], "a/x m1/b", b"", False),
        ("a short one in JSON", "m1", [], "t", b'["m1"]', True),
        ("a short one elsewhere", "m1", [], "t", b"[m1]", False),
        ("what stands in a pattern is meant", "a.b(c)*", [], "t", b"a.b(c)*", True),
        ("and no pattern", "a.b+cd", [], "t", b"axb+cd", False),
        ("letters beyond ASCII", "zähler-\\1", [], "t", "zähler-\\1".encode(), True),
        ("another's below it", "node-1", ["node-1/two"], "a/node-1/two/x", b"", False),
        ("its own below it", "node-1", ["node-1/two"], "a/node-1/twofold", b"", True),
        ("another's that ends with it", "node-1", ["east/node-1"], "east/node-1/x", b"", False),
        ("a short one, with another's below it", "n1", ["n1/two"], "a/n1/two", b"", False),
        ("a short one by itself", "n1", ["n1/two"], "a/n1/three", b"", True),
    ],
)
def test_where_a_name_stands(
    migrated_url: str, why: str, name: str, others: list[str], topic: str, payload: bytes, *, is_named: bool
) -> None:
    with connect(migrated_url) as connection:
        needle = needle_of(name, others)
        found = connection.execute(
            "SELECT '/' || %s::text || '/' ~* %s OR encode(%s, 'escape') ~* %s",
            [topic, needle.in_topics, payload, needle.in_payloads],
        ).fetchone()
        assert found == (is_named,), why


def test_days_that_wait_are_computed_first(valley: tuple[str, psycopg.Connection]) -> None:
    """They are the neighbour's too, and could not be computed any more; nor are their marks theirs."""
    url, connection = valley
    append(connection, day_of("flat-meter", 50, WAITING))
    process(url)
    append(connection, day_of(SWAPPED, 30, WAITING))
    before = stored(connection)
    assert "! 2 days of them wait to be computed: let `hub process` finish first" in hub(url, "forget", HOLDER)
    assert refused("forget", HOLDER, "--yes", HUB_DATABASE_URL=url) == (
        "2 days wait to be computed, and would stay as they are for all members of valley: let `hub process` come to an"
        " end with them first, or give --now if it cannot wait"
    )
    assert stored(connection) == before
    assert rows(connection, "SELECT frozen_before FROM community") == [(None,)]
    # Whoever cannot wait loses the balance of that day, and no more: the neighbour's intervals are computed.
    hub(url, "forget", HOLDER, "--yes", "--now")
    process(url)
    flat = [
        row for row in stored(connection)["interval"] if row[0] == "flat" and WAITING <= row[3] < WAITING + 24 * HOUR
    ]
    # Midnight is told again by the next day, which begins below: the last quarter of an hour is missing.
    assert (len(flat), sum(row[4] for row in flat)) == (95, 95 * 80)


def test_what_was_heard_just_now_is_only_on_its_way(valley: tuple[str, psycopg.Connection]) -> None:
    """Meters speak all the time: the day of this hour nearly always waits."""
    _, connection = valley
    now = TODAY + 20 * HOUR
    append(connection, register("flat-meter", [99_000], TODAY + HOUR))
    found = erasure.find_holder(connection, HOLDER)
    assert erasure.measure(connection, found, now).waiting_days == 0
    connection.execute("UPDATE stale SET not_before = now() - '6 minutes'::interval")
    assert erasure.measure(connection, found, now).waiting_days == 1
    connection.execute("UPDATE stale SET not_before = now() + '6 minutes'::interval, error = 'x'")
    with pytest.raises(Unavailable):
        erasure.freeze(connection, found, now)
    connection.execute("UPDATE community SET frozen_before = %s", [now])
    assert erasure.measure(connection, found, now).waiting_days == 1, "the hour after it is not frozen"
    connection.execute("UPDATE community SET frozen_before = %s", [TODAY + 24 * HOUR])
    erasure.freeze(connection, found, now)  # it is already


@pytest.mark.parametrize(
    ("why", "dates", "frozen"),
    [
        ("to the hour, while it lasts", (None, None), TODAY + HOUR),
        (
            "to its end, rounded up",
            (None, datetime(2025, 1, 1, 0, 20, tzinfo=UTC)),
            datetime(2025, 1, 1, 1, tzinfo=UTC),
        ),
        ("to its end, on the hour", (None, datetime(2025, 1, 1, tzinfo=UTC)), datetime(2025, 1, 1, tzinfo=UTC)),
        ("not at all, before it begins", (TODAY + timedelta(days=9), None), None),
    ],
)
def test_only_the_past_that_they_took_part_in_is_frozen(
    both_migrated_url: str, why: str, dates: tuple[datetime | None, datetime | None], frozen: datetime | None
) -> None:
    with connect(both_migrated_url) as connection:
        apply(connection, TERRITORY)
        connection.execute(
            "UPDATE membership SET valid_from = coalesce(%s, valid_from), valid_to = coalesce(%s, valid_to)", dates
        )
        append(connection, register("h", range(100, 9_700, 100), datetime(2024, 6, 1, tzinfo=UTC)))
        append(connection, register("r", range(100, 9_700, 100), TODAY - 24 * HOUR, quantity=Quantity.PV_ENERGY))
        process(both_migrated_url)
        found = erasure.find_holder(connection, "someone")
        erasure.freeze(connection, found, TODAY + HOUR)
        assert rows(connection, "SELECT frozen_before FROM community") == [(frozen,)], why
        erasure.forget_rest(connection, "someone", None, TODAY + HOUR, 0)
        assert rows(connection, "SELECT frozen_before FROM community") == [(frozen,)], why
        marked = {day for (day,) in rows(connection, "SELECT day FROM stale WHERE kind = 'community'")}
        assert marked == ({TODAY.date()} if frozen is None or frozen > TODAY else set())


def test_only_failures_that_name_them_are_forgotten(valley: tuple[str, psycopg.Connection]) -> None:
    """The delay of the others' days goes on, and so does the count of their failures."""
    url, connection = valley
    connection.execute(
        "INSERT INTO stale (kind, ref_no, day, attempts, not_before, error)"
        " SELECT 'series', 0, %s, 7, now() + '1 day'::interval, unnest(%s::text[])",
        [PAST - timedelta(days=900), [f"KeyNotValid: {POINT} is no member", f"point {POINT}0 is no member", "a bug"]],
    )
    hub(url, "forget", HOLDER, "--yes", "--now")
    left = "SELECT error, attempts, not_before > now() FROM stale WHERE ref_no = 0 ORDER BY error"
    assert rows(connection, left) == [("a bug", 7, True), (f"point {POINT}0 is no member", 7, True), (None, 0, False)]
