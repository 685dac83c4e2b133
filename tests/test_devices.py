"""`hub devices`: who was heard, how often, whose point it measures, and what was refused; on a real database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg
import pytest

from energy.model import Message
from energy.time import rfc3339
from energy.validity import FOREVER, FOREVER_AGO
from hub.heard import point_text
from store.connect import connect
from store.devices import HeardDevice, Mapped, heard_devices
from store.queries import statement
from tests.appending import Store, open_store, told
from tests.hub_command import call_hub
from tests.quarantine import apply

TERRITORY: Final = """
holder = [{ id = "anna" }]
[[community]]
id = "valley"
name = "Valley"
place = "Below"
zone = "UTC"
[[point]]
id = "home"
holder = "anna"
name = "Home"
category = "home"
device = [{ id = "mapped" }, { id = "moved", to = 2026-01-01T00:00:00Z }]
[[point]]
id = "flat"
holder = "anna"
name = "Flat"
category = "home"
device = [
    { id = "moved", from = 2026-01-01T00:00:00Z },
    { id = "ended", to = 2026-01-01T00:00:00Z },
    { id = "later", from = 2100-01-01T00:00:00Z },
]
"""
MANY: Final = """
    INSERT INTO device (id, dialect, first_seen_at, last_seen_at)
    SELECT 'd' || g, 'test', now(), now() - g * interval '1 s' FROM generate_series(1, 2000) AS g;
    INSERT INTO series (device_no, quantity) SELECT no, 'import_energy' FROM device;
    INSERT INTO reading
    SELECT s.no, now() - n * interval '5 min', n FROM series AS s, generate_series(0, 249) AS n;
    INSERT INTO rejected_message (digest, topic, payload, zone, reason, first_at, last_at)
    SELECT sha256(n::text::bytea), 'wine/' || n, '1', 'UTC', 'why', now(), now() - n * interval '1 min'
    FROM generate_series(1, 500) AS n;
    ANALYZE
"""


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    with open_store(migrated_url) as opened:
        yield opened


def hub_devices(url: str, *words: str) -> str:
    """What `hub devices` prints."""
    code, stdout, stderr = call_hub("devices", *words, settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
    return stdout


def as_json(url: str, *words: str) -> dict[str, dict[str, Any]]:
    """Its JSON by device, in its order."""
    return {entry.pop("device"): entry for entry in json.loads(hub_devices(url, "--json", *words))}


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def test_nothing_heard_yet_says_where_to_look(migrated_url: str) -> None:
    assert hub_devices(migrated_url).startswith("nothing was heard yet: is the hub subscribed to the right broker")
    assert json.loads(hub_devices(migrated_url, "--json")) == []


def test_nothing_heard_from_this_one_while_others_were(store: Store, migrated_url: str) -> None:
    store.append(told("a", ago(minutes=1), import_wh=1))
    said = "no device that was heard has an id beginning with 'b'; `hub devices` lists "
    assert hub_devices(migrated_url, "b") == f"{said}the only one\n"
    store.append(told("c", ago(minutes=1), import_wh=1))
    assert hub_devices(migrated_url, "b") == f"{said}all 2\n"


def test_only_refusals_were_heard(store: Store, migrated_url: str) -> None:
    store.append(*(Message("wine/7", b"1", ago(minutes=m)) for m in (3, 2, 1)))
    first, refused, advice = hub_devices(migrated_url).split("\n\n")
    assert first.startswith("nothing was heard yet")
    assert refused.splitlines() == [
        "Refused, and kept in quarantine (`hub rejected list` shows all):",
        "  wine/7: no dialect knows this topic (3 times)",
    ]
    for door in ("[[site]]", "docs/dialects.md", "docs/message-format.md"):
        assert door in advice
    assert hub_devices(migrated_url, "grape").startswith("nothing was heard yet"), "there is no other to list"


def test_a_device_in_json(store: Store, migrated_url: str) -> None:
    heard = ago(minutes=10).replace(microsecond=0)
    store.append(told("a", heard, import_wh=1, power_w=2))
    assert json.loads(hub_devices(migrated_url, "--json")) == [
        {
            "device": "a",
            "dialect": "hub_v1",
            "last_heard": rfc3339(heard),
            "readings_per_hour": 2,
            "points": [],
            "channels": [],
            "not_mapped": [""],
            "ended": [],
        }
    ]


def test_the_points_are_those_mapped_now(store: Store, migrated_url: str, tmp_path: Path) -> None:
    apply(migrated_url, tmp_path, TERRITORY)
    names = ("mapped", "moved", "ended", "later", "stranger")
    store.append(*(told(name, ago(minutes=m), import_wh=1) for m, name in enumerate(names, 1)))
    heard = as_json(migrated_url)
    assert {name: entry["points"] for name, entry in heard.items()} == {
        "mapped": ["home"],
        "moved": ["flat"],
        "ended": [],
        "later": [],
        "stranger": [],
    }
    assert list(heard) == ["later", "stranger", "mapped", "moved", "ended"], "those without a point first, ended last"
    assert heard["ended"]["ended"] == [{"channel": "", "point": "flat", "until": "2026-01-01T00:00:00Z"}]
    text = hub_devices(migrated_url)
    assert "2 of 5 belong to no metering point: add [[point.device]] entries to the territory file" in text
    assert "1 of 1 belongs to no metering point" in hub_devices(migrated_url, "later")
    for device in ("mapped", "ended"):
        assert "no metering point" not in hub_devices(migrated_url, device)


NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENDED: Final = datetime(2026, 11, 19, 7, tzinfo=UTC)
ALWAYS: Final = (FOREVER_AGO, FOREVER)
MAPPINGS: Final = [
    ("nothing is mapped", [""], [], "not mapped"),
    ("the device itself", [""], [("", "home", *ALWAYS)], "home"),
    ("mapped later", [""], [("", "home", NOW + timedelta(days=1), FOREVER)], "not mapped"),
    ("mapped no longer", [""], [("", "shop", FOREVER_AGO, ENDED)], "until 19 Nov: shop"),
    ("another year", [""], [("", "shop", FOREVER_AGO, NOW - timedelta(days=365))], "until 22 Nov 2025: shop"),
    ("an end exclusive", [""], [("", "shop", FOREVER_AGO, NOW)], "until 22 Nov: shop"),
    ("moved", [""], [("", "shop", FOREVER_AGO, ENDED), ("", "home", ENDED, FOREVER)], "home"),
    ("only one channel", ["chn0", "chn1"], [("chn0", "cellar", *ALWAYS)], "chn0: cellar, chn1: not mapped"),
    ("each its own", ["a", "b"], [("a", "x", *ALWAYS), ("b", "y", *ALWAYS)], "a: x, b: y"),
    ("no channel", ["a", "b"], [], "not mapped"),
    ("the whole covers no channel", ["a", "b"], [("", "x", *ALWAYS)],
        "not mapped, as a whole: x, but nothing is heard there"),
    ("the whole beside channels", ["", "a", "b"], [("", "x", *ALWAYS)], "as a whole: x, 2 others: not mapped"),
    ("a channel and not the whole", ["", "a"], [("a", "x", *ALWAYS)], "a: x, as a whole: not mapped"),
    ("a channel that does not exist", ["a"], [("A", "x", *ALWAYS)], "not mapped, A: x, but nothing is heard there"),
    ("one channel ended", ["a", "b"], [("a", "x", FOREVER_AGO, ENDED), ("b", "y", *ALWAYS)],
        "b: y, a: until 19 Nov: x"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "channels", "mappings", "said"), MAPPINGS, ids=[row[0] for row in MAPPINGS])
def test_whose_point_it_measures_is_said_channel_by_channel(
    why: str, channels: list[str], mappings: list[tuple[str, str, datetime, datetime]], said: str
) -> None:
    device = HeardDevice("d", "test", NOW, 0, channels, [Mapped(*mapping) for mapping in mappings])
    assert point_text(device, NOW) == said, why


def test_a_device_of_channels_that_is_mapped_as_a_whole_belongs_to_no_point(
    store: Store, migrated_url: str, tmp_path: Path
) -> None:
    apply(migrated_url, tmp_path, TERRITORY)
    store.append(Message("hub/v1/mapped", b'{"channel": "chn0", "import_wh": 1}', ago(minutes=1)))
    (heard,) = as_json(migrated_url).values()
    assert (heard["points"], heard["not_mapped"]) == ([], ["chn0"])
    assert "1 of 1 belongs to no metering point" in hub_devices(migrated_url)


def test_the_rate_is_of_the_last_hour(store: Store, migrated_url: str) -> None:
    for minutes in (1, 20, 59, 61, 120, 3000):
        store.append(told("a", ago(minutes=minutes), import_wh=10_000 - minutes, export_wh=1))
    store.append(told("ahead", ago(minutes=-4), received_at=ago(), import_wh=5))
    store.append(told("silent", ago(days=3), import_wh=5))
    rates = {name: entry["readings_per_hour"] for name, entry in as_json(migrated_url).items()}
    assert rates == {"ahead": 0, "a": 6, "silent": 0}


def test_channels_are_named_once(store: Store, migrated_url: str) -> None:
    for channel in ("b", "a", "b"):
        payload = {"channel": channel, "import_wh": 1, "power_w": 5}
        store.append(Message("hub/v1/clamps", json.dumps(payload).encode(), ago(minutes=1)))
    store.append(told("clamps", ago(minutes=2), import_wh=7))
    assert as_json(migrated_url)["clamps"]["channels"] == ["a", "b"]


def test_the_table_is_for_people(store: Store, migrated_url: str, tmp_path: Path) -> None:
    apply(migrated_url, tmp_path, TERRITORY)
    store.append(told("mapped", ago(seconds=30), import_wh=1), told("stranger", ago(hours=5), import_wh=1))
    store.append(told("old", ago(days=4), import_wh=1), told("young", ago(minutes=7), import_wh=1))
    store.append(Message("wine/\x1b[31m7", b"1", ago()), told("mapped", ago(), import_wh=-3))
    table, _, refused, _ = hub_devices(migrated_url).split("\n\n")
    title, *lines = table.splitlines()
    assert title.split("  ")[0] == "device"
    assert [line[title.index("last heard") : title.index("readings/h")].strip() for line in lines[:3]] == [
        "7 min ago",
        "5 h ago",
        "4 d ago",
    ]
    assert [line.split()[0] for line in lines] == ["young", "stranger", "old", "mapped"]
    assert [line[title.index("point") :] for line in lines] == ["not mapped"] * 3 + ["home"]
    assert "\x1b" not in refused
    assert "wine/\N{REPLACEMENT CHARACTER}[31m7: no dialect knows this topic (1 time)" in refused
    assert "such as: import_energy is -3.0: it cannot be negative" in refused


def test_only_ids_and_topics_that_begin_so(store: Store, migrated_url: str) -> None:
    at = ago(minutes=1)
    store.append(
        told("school-1", at, import_wh=1), told("school_2", at, import_wh=1), told("old school", at, power_w=1)
    )
    store.append(Message("school/cellar", b"1", at), Message("schoo", b"1", at))
    assert list(as_json(migrated_url, "school")) == ["school-1", "school_2"]
    assert list(as_json(migrated_url, "school_")) == ["school_2"], "no wildcards"
    text = hub_devices(migrated_url, "school")
    assert "school/cellar: " in text
    assert "schoo: " not in text


def test_a_device_that_is_mapped_and_was_never_heard_is_warned_of_once(
    store: Store, migrated_url: str, tmp_path: Path
) -> None:
    def warnings(text: str, *words: str) -> list[str]:
        file = tmp_path / "territory.toml"
        file.write_text(text)
        code, stdout, stderr = call_hub("apply", *words, str(file), settings={"HUB_DATABASE_URL": migrated_url})
        assert (code, stderr) == (0, "")
        return [line for line in stdout.splitlines() if line.startswith("!")]

    other = TERRITORY.replace('"mapped"', '"1161810000O1"')
    assert warnings(other, "--dry-run") == [], "nothing at all was heard yet"
    store.append(told("116181000001", ago(minutes=1), import_wh=1), told("moved", ago(minutes=1), import_wh=1))
    told_of = [
        "! device ended has never been heard",
        "! device later has never been heard",
        "! device 1161810000O1 has never been heard; near it: 116181000001",
    ]
    assert sorted(warnings(other, "--dry-run")) == sorted(told_of)
    assert sorted(warnings(other)) == sorted(told_of)
    assert warnings(other) == [], "only what is added"
    assert warnings(TERRITORY) == ["! device mapped has never been heard"], "`moved` is not near enough"


@pytest.fixture
def crowd(migrated_url: str) -> Iterator[psycopg.Connection]:
    """Two thousand devices that spoke every five minutes: half a million readings."""
    with connect(migrated_url) as connection:
        connection.execute(MANY)
        yield connection


@pytest.mark.slow
def test_a_crowd_is_looked_up_and_not_gone_through(crowd: psycopg.Connection, migrated_url: str) -> None:
    since = ago(hours=1)
    began = perf_counter()
    crowd.execute("SELECT count(*) FROM reading").fetchone()
    count_s = perf_counter() - began
    began = perf_counter()
    heard = heard_devices(crowd, since)
    took_s = perf_counter() - began
    assert len(heard) == 2000
    assert {device.readings for device in heard} <= {11, 12}
    assert took_s < 20 * count_s + 1, "some two thousand look-ups in an index"
    query = b"EXPLAIN " + statement("devices_heard")
    plan = "\n".join(line for (line,) in crowd.execute(query, {"since": since, "device": ""}))
    assert "Seq Scan on reading" not in plan, plan
    *_, refused = hub_devices(migrated_url).split("\n\n")
    assert len(refused.splitlines()) == 1 + 20 + 1
    assert refused.endswith("  and 480 more\n")
