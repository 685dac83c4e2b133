"""`hub compare`: past months replayed under keys that are proposed; a table, files, and a report to vote with."""

import argparse
import json
import secrets
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.csv_rows import csv_of
from energy.proposals import parse_proposals, require_months
from energy.time import month_named
from hub.compare_progress import Progress
from hub.compare_table import table
from hub.files import read_text
from hub.new_files import require_free, write_together
from hub.settings import Settings
from processing.compare_rows import result_of, rows_of
from processing.compare_tables import TABLES
from processing.replaying import Task, replay_months
from processing.report import render
from processing.report_facts import Compared
from processing.report_numbers import LANGUAGES
from store.communities import CommunityRow, read_community
from store.comparisons import read_roles
from store.connect import FrameReader, connect

FILES: Final = (*(f"report.{language}.html" for language in LANGUAGES), *(f"{name}.csv" for name in TABLES))


def run_compare(arguments: argparse.Namespace, settings: Settings) -> int:
    """Compare the keys of a file, print what each gives, and write the files that were asked for."""
    text = read_text(arguments.keys)
    if arguments.out is not None:
        require_free(arguments.out, FILES, is_forced=arguments.force)  # now, not after the work
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        zone = ZoneInfo(community.zone)
        roles = read_roles(connection, community.no)
        today = datetime.now(zone).date()
        first, last = months_of(arguments.first, arguments.last, today)
        proposals = parse_proposals(text, arguments.keys.name, zone, timedelta(minutes=community.step_min), roles)
        task = Task(community, first, last, proposals, today, secrets.token_hex(16), arguments.names)
        reader = FrameReader(settings.database_url)
        progress = Progress()
        try:
            steps = replay_months(reader, connection, task)
            while True:
                progress.show(next(steps))
        except StopIteration as end:
            compared: Compared = end.value
        finally:
            progress.clear()
            reader.close()
    if arguments.out is not None:
        write_together(arguments.out, _texts(compared), is_forced=arguments.force)
    print(_as_json(community, compared) if arguments.json else table(compared, arguments.lang))
    return 0


def months_of(first: str | None, last: str | None, today: date) -> tuple[date, date]:
    """The local months that a person named, by their first days; the twelve whole ones before today by default.

    Raises:
        InvalidInput: one is no month, the last is before the first, or they are too many.
    """
    before = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    end = before if last is None else month_named(last, "--to")
    year_before = (end.replace(year=end.year - 1) + timedelta(days=32)).replace(day=1)
    begin = year_before if first is None else month_named(first, "--from")
    require_months(begin, end)
    return begin, end


def _texts(compared: Compared) -> dict[str, str]:
    """The reports and tables, by name of file."""
    comparison, facts = compared.comparison, compared.facts
    texts = [render(comparison, facts, language) for language in LANGUAGES]
    tables = rows_of(comparison, facts.labels).values()
    texts += [csv_of(pl.DataFrame(rows, infer_schema_length=None)) for rows in tables]
    return dict(zip(FILES, texts, strict=True))


def _as_json(community: CommunityRow, compared: Compared) -> str:
    return json.dumps({"community": community.id, **result_of(compared)}, indent=1)
