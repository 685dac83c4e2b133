"""A hub with something in every table, and what there is to compare of a database after it was restored elsewhere."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from energy.model import Message
from hub.backup_folder import describe
from ingest.append import Appender
from store import readings
from store.connect import connect
from store.releases import StoredFile, add_release
from tests.databases import new_database
from tests.hub_command import call_hub
from tests.servers import Postgres, PostgresKind, running_postgres
from tests.valley import COMMUNITIES, declare, hear, messages, next_message

PASSWORD: Final = "p@ss w/rd%"  # noqa: S105 - of a login that lives as long as a test
TABLES: Final[LiteralString] = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
HYPERTABLES: Final[LiteralString] = """
    SELECT hypertable_name, num_chunks FROM timescaledb_information.hypertables ORDER BY 1
"""

CURVE: Final[LiteralString] = """
    INSERT INTO curve_file (digest, name, kind, points, kept, problems)
    VALUES ('\\x00ff', 'a.csv', 'test', '{1}', 1, 0);
    INSERT INTO curve VALUES (1, 'import', '2026-03-29Z', 30, 0, 333.3, 14, 1);
    INSERT INTO curve_revision VALUES (1, 'import', '2026-03-29Z', 30, 0, 0.1, '2026-04-01Z');
    INSERT INTO operator_index VALUES (1, 'import', '', '2026-03-29Z', 0, 24482581, 14, 1);
    INSERT INTO operator_index_revision VALUES (1, 'import', '', '2026-03-29Z', 0, 24482580, '2026-04-01Z')
"""

RESULT: Final[LiteralString] = """
    INSERT INTO operator_result
    SELECT no, 1, 'import', 'cons', '2026-02-28T23:00Z', '2026-03-31T22:00Z', 7000, 1000, 1 FROM community LIMIT 1;
    INSERT INTO operator_result_revision
    SELECT no, 1, 'import', 'cons', '2026-02-28T23:00Z', 6000, 1000, 1, '2026-04-01Z' FROM community LIMIT 1
"""

COMPUTED: Final[LiteralString] = """
    INSERT INTO settlement (community_no, month_start, month_end, version, reason)
    SELECT no, '2026-02-28T23:00Z', '2026-03-31T22:00Z', 1, 'first' FROM community LIMIT 1;
    INSERT INTO balance_revision (community_no, start, version) SELECT no, '2026-03-29Z', 2 FROM community LIMIT 1;
    INSERT INTO allocation_revision (community_no, start, version, point_no, share_wh, allocated_wh)
    SELECT no, '2026-03-29Z', 2, 1, 7, 7 FROM community LIMIT 1;
    INSERT INTO allocation_pair_revision SELECT no, '2026-03-29Z', 2, 2, 1, 7 FROM community LIMIT 1;
    INSERT INTO tariff SELECT no, '{"retail_eur_per_kwh": "0.25"}', '2026-01-01Z', '2027-01-01Z' FROM community LIMIT 1;
    INSERT INTO statement (community_no, month, point_no, import_wh, allocated_wh, saving_eur, present)
    SELECT no, '2026-03-01', 1, 7, 7, 0.000000001, 1 FROM community LIMIT 1;
    INSERT INTO equity
    SELECT no, 'month', '2026-03', '2026-03-01', '2026-03-01', 'all', '', 1, 7, 7 FROM community LIMIT 1;
    INSERT INTO statement_due (community_no, month, due_at)
    SELECT no, '2026-03-01', '2026-04-01Z' FROM community LIMIT 1 ON CONFLICT DO NOTHING;
    INSERT INTO comparison (community_no, request, status, ended_at, result, report_en, report_fr)
    SELECT no, '{"key": []}', 'done', '2026-04-01Z', '{"keys": []}', '<p>é</p>', '' FROM community LIMIT 1;
    INSERT INTO recomputation (started_at, compared, differing, waiting) VALUES ('2026-04-01Z', 9, 0, 0);
    INSERT INTO meter_swap (point_no, flow, at, old_wh, new_wh) VALUES (1, 'import', '2026-03-29Z', 24482581, 3);
    INSERT INTO gap (point_no, flow, series_no, start, "end")
    VALUES (1, 'import', 1, '2026-03-29Z', '2026-03-29T09:00Z')
"""


def fill_all(url: str) -> None:
    """Fill a migrated database with two days of the valley and whatever else a hub comes to hold: no table is empty."""
    said = messages()
    with connect(url) as connection:
        declare(connection)
    hear(url, [message for message in said if b"2026-03-29T" in message.payload or b"2026-10-26T" in message.payload])
    with connect(url) as connection:
        readings.prepare(connection)
        (last,) = connection.execute("SELECT max(at) FROM reading").fetchall()
        corrected = Message(
            f"hub/v1/{next(iter(COMMUNITIES))}-home-meter",
            b'{"at": "%s", "import_wh": 7777777}' % last[0].isoformat().encode(),
        )
        unreadable = [Message("some/where/else", b"\xff\x00 no dialect knows this"), Message("hub/v1/meter", b"{")]
        implausible = Message("hub/v1/meter", b'{"at": "2026-03-28T00:00:00Z", "import_wh": 1e300}')
        Appender().append(connection, [corrected, *unreadable, implausible])
        content = bytes(range(256)) * 300
        for version in (1, 2):
            file = StoredFile("balance.parquet", "application/octet-stream", content, sha256(content).hexdigest())
            add_release(
                connection,
                dataset="balance",
                version=version,
                released_at=datetime(2026, 5, version, tzinfo=UTC),
                digest=f"digest {version}",
                previous_digest=None if version == 1 else "digest 1",
                files=[file],
            )
        connection.execute("INSERT INTO viewer SELECT 'graf_somebody', no FROM community")
        connection.execute("INSERT INTO kept_message (topic, payload) VALUES ('spBv1.0/g/NBIRTH', '\\x00ff0a'::bytea)")
        connection.execute("INSERT INTO broker_session VALUES ('enercommons-hub', '')")
        connection.execute("INSERT INTO site VALUES ('cellar/', 'tasmota', 'Europe/Paris', 'Cellar', '{}')")
        connection.execute("INSERT INTO erasure VALUES (DEFAULT, DEFAULT, 1, 1, 1000, 500, 500, 0)")
        connection.execute(CURVE)
        connection.execute(RESULT)
        connection.execute(COMPUTED)
        connection.execute("INSERT INTO listener VALUES ('a', now(), now(), true, 1, 2, 3, 4, 5, 6, 7, 0.1, 8, 9)")


@contextmanager
def small_hub(server: Postgres, template: str) -> Iterator[str]:
    """A database with the valley and what its first meter said on two days."""
    with new_database(server, template) as url:
        with connect(url) as connection:
            declare(connection)
        hear(url, messages()[:2])
        yield url


@contextmanager
def second_server(kind: PostgresKind) -> Iterator[Postgres]:
    """A server of its own, on which one login needs a password."""
    with running_postgres(kind) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SET password_encryption = 'scram-sha-256'")
            connection.execute("CREATE ROLE careful SUPERUSER LOGIN PASSWORD '" + PASSWORD + "'")
            connection.execute("CREATE ROLE keeper LOGIN")
            rules = server.directory / "data" / "pg_hba.conf"
            rules.write_text(f"host all careful 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
            connection.execute("SELECT pg_reload_conf()")
        yield server


def as_login(url: str, user: str, password: str = "") -> str:
    """The same address for another login."""
    parts = {**conninfo_to_dict(url), "user": user}
    return make_conninfo("", **(parts | {"password": password} if password else parts))


def hub(url: str, *words: object) -> tuple[int, str, str]:
    """Run a command on a database, in this process."""
    return call_hub(*map(str, words), settings={"HUB_DATABASE_URL": url})


def back_up(url: str, folder: Path) -> Path:
    """Back a database up, and name the folder."""
    code, _, stderr = hub(url, "backup", folder)
    assert code == 0, stderr
    return folder


def content(url: str) -> dict[str, tuple[int, str | None]]:
    """Each table: how many rows, and a digest of all of them."""
    digest = SQL('SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C")) FROM {} AS t')
    with connect(url) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        return {name: _row(connection.execute(digest.format(Identifier(name)))) for name in names}


def sequences(url: str) -> list[tuple[Any, ...]]:
    """Where each sequence stands."""
    with connect(url) as connection:
        query = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
        return connection.execute(query).fetchall()


def hypertables(url: str) -> list[tuple[Any, ...]]:
    """The hypertables with their numbers of chunks; none without TimescaleDB."""
    with connect(url) as connection:
        if connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is None:
            return []
        return connection.execute(HYPERTABLES).fetchall()


def left_in(url: str) -> list[str]:
    """What a restore left in a database: tables, schemas, settings of the database."""
    with connect(url) as connection:
        found = [name for (name,) in connection.execute(TABLES)]
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname IN ('shown', 'unfinished_restore')"
        found += [f"schema {name}" for (name,) in connection.execute(schemas)]
        settings = """
            SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
            WHERE d.datname = current_database()
        """
        return found + [setting for (setting,) in connection.execute(settings)]


def copy(backup: Path, to: Path) -> Path:
    """Copy a backup, to damage it."""
    to.mkdir()
    for file in backup.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def describe_anew(folder: Path, **rows: int) -> None:
    """Make the manifest fit what lies in the folder now, as if it had been written so."""
    manifest = read_manifest_text(folder)
    said = {"files": [describe(folder / "hub.dump").model_dump()], "rows": manifest["rows"] | rows}
    say_instead(folder, **said)


def say_instead(folder: Path, **entries: object) -> None:
    """Write other entries into the manifest."""
    (folder / "manifest.json").write_text(json.dumps(read_manifest_text(folder) | entries))


def read_manifest_text(folder: Path) -> dict[str, Any]:
    """The manifest, whatever it says."""
    return json.loads((folder / "manifest.json").read_text())


def cut(file: Path) -> None:
    """Leave only the first two thirds of a file."""
    os.truncate(file, file.stat().st_size * 2 // 3)


def change(file: Path) -> None:
    """Turn one bit of a file over."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def unused_messages() -> list[Message]:
    """What the meters say next, and what a meter says that was never heard before."""
    new = Message("hub/v1/new-meter", b'{"at": "2026-10-27T10:00:00Z", "import_wh": 5}')
    return [*(next_message(community) for community in COMMUNITIES), new]


def children_of(pid: int, program: str) -> list[int]:
    """The processes of a program that a process has started."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "stat").read_text()
        except OSError:
            continue  # it has just ended
        name, _, rest = status.partition("(")[2].rpartition(") ")
        if name == program and int(rest.split()[1]) == pid:
            found.append(int(process.name))
    return found


def _row(cursor: psycopg.Cursor[Any]) -> tuple[Any, ...]:
    (row,) = cursor.fetchall()
    return row
