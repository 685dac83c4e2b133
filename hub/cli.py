"""The `hub` command: reads the words on its line, and says what went wrong in one sentence."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from energy.errors import HubError
from hub.cli_files import add_export, add_import
from hub.cli_help import described

EXIT_REFUSED: Final = 1
EXIT_MISUSED: Final = 2
EXIT_INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 when it did what it says, 1 with a sentence on stderr otherwise."""
    understood = parser()
    if not (sys.argv[1:] if words is None else words):
        understood.print_help(sys.stderr)
        return EXIT_MISUSED
    arguments = understood.parse_args(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show an accent is no reason to fail
    try:
        # Commands are imported when they run: `hub --help` needs neither a database driver nor a web server.
        from hub import commands  # noqa: PLC0415

        code = commands.run(arguments)
        sys.stdout.flush()
        return code
    except HubError as error:
        print(f"hub {arguments.command}: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print(f"hub {arguments.command}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    finally:
        logging.shutdown()


def parser() -> argparse.ArgumentParser:
    """The words that `hub` understands."""
    top = argparse.ArgumentParser(prog="hub", description="The energy data hub of a territory.")
    top.add_argument("--version", action="version", version=f"enercommons {version('enercommons')}")
    verbs = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    verbs.add_parser("migrate", help="bring the database to this version's schema")

    apply = verbs.add_parser("apply", help="make the database equal to a territory file")
    apply.add_argument("file", type=Path, metavar="FILE")
    apply.add_argument("--dry-run", action="store_true", help="only show the difference")

    _add_ingest(verbs)
    verbs.add_parser("process", help="recompute intervals and balances when readings come")
    verbs.add_parser("serve", help="serve the HTTP interface and the page")
    verbs.add_parser("up", help="ingest, process and serve in one process")

    demo = verbs.add_parser("demo", help="run a simulated territory with its own database and broker")
    demo.add_argument("--once", action="store_true", help="one simulated day, then stop")
    demo.add_argument("--json", action="store_true", help="with --once: print the result as JSON")
    demo.add_argument("--port", type=int, default=None, help="port of the page; a free one by default")

    decode = verbs.add_parser("decode", help="show the readings that a message gives")
    decode.add_argument("topic", nargs="?", metavar="TOPIC", help="topic of a message whose payload is on stdin")
    decode.add_argument(
        "--file", type=Path, metavar="FILE", help='JSON list of {"topic", "payload"}, or one on each line'
    )
    decode.add_argument("--territory", type=Path, metavar="FILE", help="territory file whose sites explain the topics")

    replay = verbs.add_parser("replay", help="publish a file of readings or recorded messages through MQTT")
    replay.add_argument("file", type=Path, metavar="FILE", help="CSV of readings or JSON lines of messages")
    replay.add_argument(
        "--speed", type=float, default=0.0, metavar="N", help="N times as fast as it happened; 0 is as fast as possible"
    )

    add_import(verbs)
    _add_recompute(verbs)
    _add_swap(verbs)
    _add_explain(verbs)

    devices = verbs.add_parser("devices", help="show what was heard, whose point it measures, and what was refused")
    devices.add_argument("device", nargs="?", default="", metavar="ID", help="only ids and topics that begin so")
    devices.add_argument("--json", action="store_true", help="the devices as JSON")

    rejected = verbs.add_parser("rejected", help="show, export or read again what was refused")
    rejected.add_argument(
        "action",
        choices=("list", "export", "replay"),
        help="list: by topic and reason; export: the messages as JSON lines, for hub decode --file and hub replay;"
        " replay: read all again, store what can be read now, and keep the rest with its present reason",
    )
    rejected.add_argument(
        "--topic", default="", metavar="BEGIN", help="only topics (and devices) that begin so; no wildcards"
    )

    _add_settled(verbs)
    add_export(verbs)

    _add_allocate(verbs)
    _add_compare(verbs)
    _add_bench(verbs.add_parser("bench", help="measure this hub on this machine, beside a yardstick"))

    backup = verbs.add_parser("backup", help="write the whole database into a new folder")
    backup.add_argument("folder", type=Path, metavar="DIR", help="a folder that does not exist yet")
    restore = verbs.add_parser("restore", help="bring a backup into an empty database, and check that all is there")
    restore.add_argument("folder", type=Path, metavar="DIR", help="a folder that `hub backup` wrote")

    _add_removal(verbs)

    verbs.add_parser("publish", help="release the open data that the disclosure policy lets out")

    _add_viewer(verbs)
    return described(top)


def _add_viewer(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    viewer = verbs.add_parser("viewer", help="make, list or end logins that see communities in Grafana")
    actions = viewer.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a login, and print its name and password this once")
    add.add_argument("community", nargs="+", metavar="COMMUNITY", help="what it sees")
    actions.add_parser("list", help="show the logins, and what each sees")
    remove = actions.add_parser("remove", help="end a login")
    remove.add_argument("role", metavar="ROLE", help="its name, as `hub viewer list` shows it")


def _add_ingest(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    ingest = verbs.add_parser("ingest", help="store what devices publish by MQTT")
    ingest.add_argument(
        "--workers", type=int, default=None, metavar="N", help="N processes that share the messages (MQTT 5)"
    )
    ingest.add_argument("--parent", type=int, default=None, help=argparse.SUPPRESS)
    ingest.add_argument(
        "--leave", action="store_true", help="fetch what the broker keeps for HUB_MQTT_CLIENT_ID, and end its session"
    )


def _add_allocate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    allocate = verbs.add_parser("allocate", help="compute a worked case of sharing, without a database")
    form = "JSON of the form of tests/data/allocation/cases"
    allocate.add_argument("--case", type=Path, required=True, metavar="FILE", help=form)
    allocate.add_argument("--json", action="store_true", help="the figures as JSON")


def _add_compare(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = verbs.add_parser("compare", help="replay past months under keys that a community thinks of")
    compare.add_argument("community", metavar="COMMUNITY")
    compare.add_argument("--keys", type=Path, required=True, metavar="FILE", help="the keys, as docs/compare.md says")
    twelve = "the twelve whole months before today by default"
    compare.add_argument("--from", dest="first", metavar="YYYY-MM", help=f"the first month; {twelve}")
    compare.add_argument("--to", dest="last", metavar="YYYY-MM", help="the last month")
    compare.add_argument("--out", type=Path, metavar="DIR", help="a folder for the reports and tables")
    compare.add_argument("--lang", choices=("en", "fr"), default="en", help="of what is printed; reports are in both")
    compare.add_argument("--force", action="store_true", help="overwrite files that are there")
    compare.add_argument("--names", action="store_true", help="members by their names, instead of by lot")
    compare.add_argument("--json", action="store_true", help="the result as JSON")


def _add_recompute(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = verbs.add_parser("recompute", help="rebuild all that is computed, and compare it with what is stored")
    check.add_argument("--since", metavar="YYYY-MM-DD", help="only UTC days from this one on")
    check.add_argument("--community", metavar="COMMUNITY", help="only this community and its members")
    check.add_argument("--repair", action="store_true", help="have what differs computed again")
    check.add_argument("--json", action="store_true", help="the result as JSON")


def _add_settled(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    settled = verbs.add_parser("settlements", help="show the settled months of a community, with every version of each")
    settled.add_argument("community", metavar="COMMUNITY")
    settled.add_argument("--json", action="store_true", help="the versions as JSON, in Wh")
    worth = verbs.add_parser("value", help="show what sharing was worth to each in EUR, and how evenly it was shared")
    worth.add_argument("community", metavar="COMMUNITY")
    worth.add_argument("--from", dest="first", metavar="YYYY-MM", help="the first month; by default that of --to")
    last = "the last month, which counts too; without it, the last whole one, or that of --from where it is later"
    worth.add_argument("--to", dest="last", metavar="YYYY-MM", help=last)
    evenly = "say how evenly it was shared by month, season or year; by month by default"
    worth.add_argument("--by", choices=("month", "season", "year"), default="month", help=evenly)
    worth.add_argument("--json", action="store_true", help="month by month, as JSON")
    waiting = verbs.add_parser("stale", help="show the days that wait to be computed, and those that could not be")
    waiting.add_argument("--json", action="store_true", help="all of them as JSON")
    waiting.add_argument("--retry", action="store_true", help="first make those that could not be due now")


def _add_swap(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    swap = verbs.add_parser("swap", help="record that the meter of a point was replaced, or list what was recorded")
    swap.add_argument("point", metavar="POINT")
    swap.add_argument("at", nargs="?", metavar="AT", help="when, as 2026-03-14T10:30; in HUB_ZONE without an offset")
    for flow in ("import", "export"):
        indexes = f"index of the old and of the new {flow} register then, in kWh"
        swap.add_argument(f"--{flow}", dest=f"{flow}_kwh", nargs=2, metavar=("OLD", "NEW"), help=indexes)
    swap.add_argument("--tariff", metavar="NAME", help="of a meter that has registers by tariff only: the one meant")
    swap.add_argument("--remove", action="store_true", help="forget what was recorded at that instant")


def _add_explain(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    why = verbs.add_parser("explain", help="say of a point how its intervals came about, in sentences to be read out")
    why.add_argument("point", metavar="POINT")
    why.add_argument("start", metavar="START", help="a day as 2026-01-05, or a time as 2026-01-05T10:00, in HUB_ZONE")
    why.add_argument("end", nargs="?", metavar="END", help="the last day, or a time; 31 days at most")
    why.add_argument("--lang", choices=("en", "fr"), default="en", help="English (en) or French (fr)")
    why.add_argument("--json", action="store_true", help="the facts as JSON")


def _add_removal(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keep = verbs.add_parser("retention", help="show what is older than the settings keep, or remove it")
    keep.add_argument("--yes", action="store_true", help="remove it")
    now = "although days wait to be computed, or could not be: they stay as they are"
    keep.add_argument("--now", action="store_true", help=now)
    forget = verbs.add_parser("forget", help="show what is known about a holder, or remove it for good")
    forget.add_argument("holder", nargs="?", metavar="HOLDER", help="id of the holder")
    forget.add_argument("--device", metavar="ID", help="instead of a holder: a device that measures nobody's point")
    forget.add_argument("--yes", action="store_true", help="remove it")
    forget.add_argument("--now", action="store_true", help=now)


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("what", choices=("ingest", "store", "process", "allocate"), help="what to measure")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of which the median counts (3)")
    bench.add_argument("--messages", type=int, default=200_000, metavar="N", help="ingest: messages (200000)")
    bench.add_argument(
        "--readings", type=int, metavar="N", help="store: readings (400000); process: of registers (4000000)"
    )
    for name, default, what in (
        ("points", 200, "points with registers, and to rebuild"),
        ("late-points", 1000, "members of the community to which readings come late"),
        ("late-days", 3, "days of its history, and ten times as many"),
        ("tries", 40, "late readings"),
        ("rebuild-days", 365, "days to rebuild"),
    ):
        bench.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"process: {what} ({default})")
    for name, default, what in (
        ("sharing-points", 1000, "points that share"),
        ("steps", 17_520, "steps in which they do, a year of half-hours"),
        ("members", 200, "members of the community whose keys are compared"),
        ("months", 12, "months on which they are"),
    ):
        bench.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"allocate: {what} ({default})")
    bench.add_argument(
        "--database", metavar="URL", help="store: an empty database; without it, PostgreSQL from the wheel"
    )
