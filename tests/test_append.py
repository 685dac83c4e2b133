"""A batch of messages becomes committed readings, once, whatever is in it; real PostgreSQL, no network."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from energy.model import Message
from ingest import routes
from ingest.append import Counts
from ingest.dialect import Dialect
from tests.appending import NOON, TODAY, Store, open_store, told

GOOD = 200


@pytest.fixture
def store(both_migrated_url: str) -> Iterator[Store]:
    with open_store(both_migrated_url) as opened:
        yield opened


def test_the_same_batch_twice_changes_nothing(both_migrated_url: str) -> None:
    batch = [told("a", NOON + timedelta(minutes=m), import_wh=1000 + m, power_w=m) for m in range(50)]
    versions = "SELECT r.*, xmin::text, ctid::text FROM reading AS r ORDER BY series_no, at"
    with open_store(both_migrated_url) as store:
        store.append(*batch)
        first = store.rows(versions)
        assert store.take_marks() == {("a", TODAY)}
        counts = store.append(*batch)
        assert store.rows(versions) == first, "not one row was written again"
        assert store.rows("SELECT FROM reading_revision") == []
        assert store.take_marks() == set()
    assert (counts.messages, counts.stored, counts.repeated) == (100, 100, 100)


REPETITIONS = [
    ("a device repeats itself", [[5.0], [5.0]], 5.0, []),
    ("a correction comes later", [[5.0], [6.0]], 6.0, [5.0]),
    ("a correction comes in the same batch: the later wins, and the other is kept too", [[5.0, 6.0]], 6.0, [5.0]),
    ("two corrections in a batch", [[5.0, 6.0, 7.0]], 7.0, [5.0, 6.0]),
    ("a correction of what is stored, twice in a batch", [[5.0], [6.0, 7.0]], 7.0, [5.0, 6.0]),
    ("the same twice in a batch", [[5.0, 5.0]], 5.0, []),
    ("a correction taken back", [[5.0], [6.0], [5.0]], 5.0, [5.0, 6.0]),
    ("the smallest change that a float can have", [[0.1], [0.1 + 2**-56]], 0.1 + 2**-56, [0.1]),
]


@pytest.mark.parametrize(("why", "batches", "value", "revised"), REPETITIONS, ids=[row[0] for row in REPETITIONS])
def test_one_row_a_key_and_every_other_value_is_kept(
    store: Store, why: str, batches: list[list[float]], value: float, revised: list[float]
) -> None:
    for batch in batches:
        store.append(*(told("a", import_wh=v) for v in batch))
    assert store.rows("SELECT at, value FROM reading") == [(NOON, value)], why
    kept = store.rows("SELECT at, old_value FROM reading_revision ORDER BY old_value")
    assert kept == [(NOON, old) for old in revised], why


def test_a_refused_message_is_kept_once_and_counted(store: Store) -> None:
    def rubbish(payload: bytes, minute: int) -> Message:
        return Message("hub/v1/a", payload, NOON + timedelta(minutes=minute))

    store.append(rubbish(b"{", 0), rubbish(b"[]{", 0), rubbish(b"{", 1))
    counts = store.append(rubbish(b"{", 2), told("a", import_wh=1))
    kept = store.rows("SELECT topic, payload, times, first_at, last_at FROM rejected_message ORDER BY times")
    assert kept == [
        ("hub/v1/a", b"[]{", 1, NOON, NOON),
        ("hub/v1/a", b"{", 3, NOON, NOON + timedelta(minutes=2)),
    ]
    assert (counts.messages, counts.rejected_messages, counts.stored) == (5, 4, 1)


def test_the_same_payload_on_another_topic_is_another_message(store: Store) -> None:
    store.append(Message("hub/v1/a", b"{", NOON), Message("hub/v1/b", b"{", NOON), Message("unknown/a", b"", NOON))
    assert store.rows("SELECT topic, times FROM rejected_message ORDER BY topic") == [
        ("hub/v1/a", 1),
        ("hub/v1/b", 1),
        ("unknown/a", 1),
    ]


def test_an_implausible_reading_is_refused_alone(store: Store) -> None:
    store.append(told("a", import_wh=-1, export_wh=7))
    counts = store.append(told("a", import_wh=-1, export_wh=7))
    assert store.rows("SELECT quantity, value FROM reading JOIN series ON no = series_no") == [("export_energy", 7)]
    (kept,) = store.rows("SELECT device, quantity, at, value, times, reason FROM rejected_reading")
    assert kept[:5] == ("a", "import_energy", NOON, -1, 2)
    assert "negative" in kept[5]
    assert (counts.stored, counts.repeated, counts.rejected_readings, counts.rejected_messages) == (1, 1, 2, 0)


def test_technical_quantities_need_the_setting(both_migrated_url: str) -> None:
    message = told("a", voltage_v=230, current_a=4, power_factor=1, power_w=900)
    query = "SELECT quantity FROM reading JOIN series ON no = series_no ORDER BY quantity"
    with open_store(both_migrated_url) as store:
        assert store.append(message).stored == 1
        assert store.rows(query) == [("active_power",)]
    with open_store(both_migrated_url, keep_technical=True) as store:
        store.append(message)
        assert store.rows(query) == [("active_power",), ("current",), ("power_factor",), ("voltage",)]


REFUSALS = [
    ("a constraint", "CHECK"),
    ("a value that does not fit", "22003"),
    ("a row that no index can hold", "54000"),
]


def refuse(store: Store, how: str) -> None:
    """Let the database itself refuse the value 666, by a constraint or with an error code."""
    if how == "CHECK":
        store.connection.execute("ALTER TABLE reading ADD CHECK (value <> 666)")
        return
    store.connection.execute(
        SQL(
            """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.value = 666 THEN RAISE EXCEPTION 'not this one' USING ERRCODE = {}; END IF; RETURN NEW; END $$"""
        ).format(how)
    )
    store.connection.execute("CREATE TRIGGER t BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION refuse()")


@pytest.mark.parametrize(("why", "how"), REFUSALS, ids=[row[0] for row in REFUSALS])
@pytest.mark.parametrize("places", [[0], [100], [GOOD], [57, 58, 190]], ids=str)
def test_what_the_database_refuses_fails_alone(store: Store, why: str, how: str, places: list[int]) -> None:
    refuse(store, how)
    batch = [told(f"meter-{i}", import_wh=1000 + i) for i in range(GOOD)]
    for place in places:
        batch.insert(place, told(f"poison-{place}", import_wh=666))
    counts = store.append(*batch)
    known = """SELECT count(*), count(DISTINCT d.id)
        FROM reading JOIN series AS s ON s.no = series_no JOIN device AS d ON d.no = device_no"""
    assert store.rows(known) == [(GOOD, GOOD)], why
    refused = store.rows("SELECT topic, payload, times FROM rejected_message ORDER BY topic")
    poison = sorted((m.topic, m.payload, 1) for m in batch if "poison" in m.topic)
    assert refused == poison
    assert all("the database refuses it" in reason for (reason,) in store.rows("SELECT reason FROM rejected_message"))
    assert (counts.messages, counts.stored, counts.rejected_messages) == (len(batch), GOOD, len(places))


def test_what_may_pass_is_not_quarantined(store: Store) -> None:
    refuse(store, "40001")
    batch = [told("a", import_wh=1), told("b", import_wh=666)]
    with pytest.raises(psycopg.OperationalError):
        store.append(*batch)
    assert store.appender.counts == Counts()
    for table in ("reading", "series", "device", "stale", "rejected_message"):
        assert store.rows(SQL("SELECT FROM {}").format(Identifier(table))) == [], table
    store.connection.execute("DROP TRIGGER t ON reading")
    assert store.append(*batch).stored == 2


HOSTILE = [
    b"", b"\0", b"null", b"[]", b"[[]]", b"{}", b"\xff\xfe", b"[" * 100_000, b"9" * 5_000,
    b'{"device": "a\\u0000b", "import_wh": 1}', b'{"device": "\\ud800", "import_wh": 1}',
    b'{"channel": "\\u0000", "import_wh": 1}', b'{"tariff": "\\u202e", "import_wh": 1}',
    b'{"device": "' + b"x" * 9_000 + b'", "import_wh": 1}', b'{"\\u0000": 1}', b'{"\\ud83d": 1}',
    b'{"import_wh": 1e400}', b'{"import_wh": -1e400}', b'{"import_wh": 1e-400}', b'{"import_wh": ' + b"9" * 400 + b"}",
    b'{"import_wh": NaN}', b'{"power_w": Infinity}', b'{"import_wh": 1e15, "power_w": -9.1e15}',
    b'{"at": 0, "import_wh": 1}', b'{"at": -1e300, "import_wh": 1}', b'{"at": 1e300, "import_wh": 1}',
    b'{"at": 253402300799999, "import_wh": 1}', b'{"at": "0001-01-01T00:00:00+14:00", "import_wh": 1}',
    b'{"at": "9999-12-31T23:59:59.999999-12:00", "import_wh": 1}', b'{"at": "0001-01-01T00:00:00Z", "import_wh": 1}',
]  # fmt: skip


def test_hostile_payloads_are_accounted_for_and_harm_nothing_around_them(store: Store) -> None:
    topics = ["hub/v1/evil", "hub/v1/evil/relay", "tele/evil/SENSOR", "evil/events/rpc", "solar/evil/0/power", "evil"]
    hostile = [Message(topic, payload, NOON) for topic in topics for payload in HOSTILE]
    good = [told(f"meter-{i}", import_wh=i) for i in range(len(hostile))]
    counts = store.append(*(message for pair in zip(hostile, good, strict=True) for message in pair))
    assert counts.messages == 2 * len(hostile)
    assert store.rows("SELECT count(*) FROM device WHERE id LIKE 'meter-%'") == [(len(good),)]
    assert store.rows("SELECT sum(times)::int FROM rejected_message") == [(counts.rejected_messages,)]
    assert store.rows("SELECT coalesce(sum(times), 0)::int FROM rejected_reading") == [(counts.rejected_readings,)]
    assert store.rows("SELECT count(*) FROM reading") == [(counts.stored,)]
    refused_by_database = "SELECT topic, payload FROM rejected_message WHERE reason LIKE '%database%'"
    assert store.rows(refused_by_database) == [], "the door lets nothing through that the store cannot keep"


def test_a_fault_of_the_hub_on_one_message_does_not_stop_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_message: Message) -> None:
        raise OSError("a dialect that opens files")

    monkeypatch.setattr(routes, "DIALECTS", (*routes.DIALECTS, Dialect("faulty", ("faulty/+",), fail)))
    monkeypatch.setitem(routes.FILTERS, "faulty/", [(len(routes.DIALECTS) - 1, "faulty/+")])
    counts = store.append(told("a", import_wh=1), Message("faulty/a", b"1", NOON), told("b", import_wh=1))
    assert (counts.stored, counts.rejected_messages) == (2, 1)
    assert store.rows("SELECT topic, payload FROM rejected_message") == [("faulty/a", b"1")]
