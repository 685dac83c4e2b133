"""`hub export coefficients`: what a community hands to the distribution operator, a file for each producer."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.agreements import Agreement, Member
from energy.errors import InvalidInput, NotFound
from energy.frames import UTC_TIME
from energy.keys import KnownKey, SharingKey
from energy.model import Role
from energy.time import Span, ceil_to_step, rfc3339
from hub.counted import counted
from hub.named_times import day_or_time
from hub.new_files import write_together
from hub.settings import Settings
from processing.coefficients import Form, coefficients, key_file, parts_of_allocation, parts_of_key, presence
from store.balances import read_members, read_produced, read_rules
from store.communities import read_community
from store.connect import FrameReader, connect

LONGEST: Final = timedelta(days=366, hours=1)
TABULATOR: Final = "tab"


def run_export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the files, and say what is in them and what is missing."""
    form = form_of(arguments, settings)
    with connect(settings.database_url) as connection:
        community = read_community(connection, arguments.community)
        zone, step = ZoneInfo(community.zone), timedelta(minutes=community.step_min)
        span = span_of(arguments.start, arguments.end, zone)
        starts = starts_of(span, step)
        rules = read_rules(connection, community.no)
        key = key_over(starts, () if rules is None else rules.keys, community.id, zone)
        members = read_members(connection, community.no)
        reader = FrameReader(settings.database_url)
        try:
            produced = read_produced(reader, connection, community.no, span)
        finally:
            reader.close()
    where = f"{community.id} from {arguments.start} to {arguments.end}"
    if isinstance(key, KnownKey):
        said = [f"{where}: coefficients as the key says them"]
    elif produced.is_empty():
        raise NotFound(f"nothing of {where} is computed: no reading tells of it, or it waits still (`hub stale`)")
    else:
        said = [f"{where}: coefficients of what was allocated", *gaps(produced, starts)]
        starts = produced["start"].unique().sort()
    texts = dict(files(key, produced, members, starts, step, form, zone))
    if not texts:
        raise NotFound(f"{where} has no producer, or nobody who withdraws: there is nothing to export")
    written = write_together(arguments.out, texts, is_forced=arguments.force)
    lines = f"{counted(len(starts), 'step')}, times are the {form.stamp} of each in {zone.key}"
    print("\n".join([*said, lines, *map(str, written)]))
    return 0


def form_of(arguments: argparse.Namespace, settings: Settings) -> Form:
    """How the files are written: as the words say, and else as the settings.

    Raises:
        InvalidInput: one mark for two things.
    """
    decimals = settings.coefficient_decimals if arguments.decimals is None else arguments.decimals
    separator = arguments.separator or settings.coefficient_separator
    mark = arguments.decimal_mark or settings.coefficient_decimal_mark
    if decimals and separator == mark:
        raise InvalidInput(
            f"{mark!r} cannot be both the decimal mark and the separator; give another --separator, or --decimal-point"
        )
    stamp = arguments.stamp or settings.coefficient_stamp
    return Form(decimals, "\t" if separator == TABULATOR else separator, mark, stamp)


def span_of(start: str, end: str, zone: ZoneInfo) -> Span:
    """The span that a person named; a day stands for all of it.

    Raises:
        InvalidInput: it is none, or longer than a year.
    """
    first, last = day_or_time(start, zone), day_or_time(end, zone)
    since = first.start if isinstance(first, Span) else first
    until = last.end if isinstance(last, Span) else last
    if until <= since:
        raise InvalidInput(f"--to {end} is not after --from {start}")
    if until - since > LONGEST:
        raise InvalidInput(f"{start} to {end} is longer than a year: export a shorter span")
    return Span(since, until)


def starts_of(span: Span, step: timedelta) -> pl.Series:
    """Starts of the settlement steps that begin in a span.

    Raises:
        InvalidInput: there is none.
    """
    first = ceil_to_step(span.start, step)
    starts = pl.datetime_range(first, span.end, step, closed="left", time_unit="us", eager=True).cast(UTC_TIME)
    if starts.is_empty():
        raise InvalidInput(f"no step begins from {rfc3339(span.start)} to {rfc3339(span.end)}: steps have {step}")
    return starts


def key_over(starts: pl.Series, versions: Sequence[Agreement], community: str, zone: ZoneInfo) -> SharingKey:
    """The one key that shares all the steps.

    Raises:
        InvalidInput: it is not one, or some of them have none.
    """
    first, last = starts[0], starts[-1]
    inside = [v for v in versions if v.validity.valid_from <= last and v.validity.valid_to > first]
    if not inside:
        raise InvalidInput(f"no sharing key of {community} covers these steps; `hub apply` declares keys")
    changes = sorted(at for v in inside for at in (v.validity.valid_from, v.validity.valid_to) if first < at <= last)
    if changes:
        what = "changes" if len(inside) > 1 else "begins or ends"
        at = changes[0].astimezone(zone).isoformat()
        raise InvalidInput(f"the sharing key of {community} {what} at {at}: export --to that time, and then --from it")
    return inside[0].key


def gaps(produced: pl.DataFrame, starts: pl.Series) -> list[str]:
    """What of the steps is missing, and what may still change."""
    steps = produced.unique("start")
    missing, provisional = len(starts) - steps.height, steps.filter(~pl.col("settled")).height
    found = []
    if missing:
        found.append(f"! {counted(missing, 'step')} missing: nothing is known of them, and they have no line")
    if provisional:
        found.append(f"! {counted(provisional, 'step')} provisional: export again once all meters are known")
    return found


def files(
    key: SharingKey,
    produced: pl.DataFrame,
    members: Sequence[Member],
    starts: pl.Series,
    step: timedelta,
    form: Form,
    zone: ZoneInfo,
) -> Iterator[tuple[str, str]]:
    """Name and text of the file of each producer; none, where nobody withdraws."""
    takers = [(m.point, m.validity) for m in members if m.role is not Role.PRODUCER]
    makers = [(m.point, m.validity) for m in members if m.role is not Role.CONSUMER]
    taking, making = presence(takers, starts, step), presence(makers, starts, step)
    points = taking["point"].unique().sort().to_list()
    for producer in making["point"].unique().sort() if points else ():
        is_known = isinstance(key, KnownKey)
        parts = parts_of_key(key, producer, taking) if is_known else parts_of_allocation(produced, key)
        parts = parts.join(making.filter(pl.col("point") == producer), on="start", how="semi")
        found = coefficients(parts, form.decimals)
        yield f"{producer}.csv", key_file(found, starts, points, form, step, zone)
