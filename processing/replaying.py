"""Read past months of a community and replay them under every key, a month and a key at a time. A shell."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from energy.agreements import Agreement
from energy.errors import InvalidInput, NotFound
from energy.proposals import TODAY, Proposal
from energy.time import Span
from processing.compare import Month, alternatives, gather, months_between, replay
from processing.compare_tables import compare, without_telling
from processing.participation import part_of
from processing.report_facts import Compared, ComparedKey, Facts, names, pseudonyms
from store import balances
from store.communities import CommunityRow
from store.comparisons import read_compared_points
from store.connect import FrameReader
from store.statements import read_tariffs


@dataclass(frozen=True, slots=True)
class Task:
    """What is compared: a community, from one local month to another (days in them), and the proposed keys.

    is_named: members go by their names; otherwise by pseudonyms drawn from `seed`. made_on: the day of the report.
    """

    community: CommunityRow
    first: date
    last: date
    proposals: tuple[Proposal, ...]
    made_on: date
    seed: str
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How far a comparison is: so many of so many replays are done, the last one of a month."""

    done: int
    of: int
    month: str


def replay_months(reader: FrameReader, connection: psycopg.Connection, task: Task) -> Generator[Step, None, Compared]:
    """Replay a month under a key at each step; of a month no more is kept than its sums.

    Raises:
        InvalidInput: nothing is known of these months, or no key was in force in them.
        NotFound: the community was removed meanwhile.
        KeyNotValid: a key that cannot be applied.
    """
    number, zone = task.community.no, ZoneInfo(task.community.zone)
    rules = balances.read_rules(connection, number)
    if rules is None:
        raise NotFound(f"there is no community {task.community.id!r} any more")
    members = balances.read_members(connection, number)
    participations = balances.read_participations(reader, connection, number)
    tariffs = read_tariffs(connection, number)
    points = read_compared_points(connection, number)
    spans = months_between(task.first, task.last, zone)
    compared = alternatives(rules.keys, task.proposals)
    months: list[Month] = []
    replayed: list[tuple[str, pl.DataFrame]] = []
    done, of = 0, len(spans) * len(compared)
    for name, span in spans:
        flows = part_of(balances.read_flows(reader, connection, number, span), participations)
        month = gather(name, span, flows, members, rules.keys, rules.step)
        for alternative in compared:
            replayed.append((alternative.name, replay(month, alternative, tariffs, zone)))
            done += 1
            yield Step(done, of, name)
        months.append(replace(month, flows=month.flows.clear()))
    _require_energy(task, months, [frame.height for _, frame in replayed])
    comparison = compare(replayed, months, points)
    labels = names(points) if task.is_named else pseudonyms(points["point"], task.seed)
    facts = _facts(task, rules.keys, Span(spans[0][1].start, spans[-1][1].end), labels)
    return Compared(comparison if task.is_named else without_telling(comparison), facts)


def _require_energy(task: Task, months: list[Month], rows: list[int]) -> None:
    if any(rows):
        return
    when = f"{task.community.id} from {task.first:%Y-%m} to {task.last:%Y-%m}"
    if any(month.known for month in months):
        raise InvalidInput(f"no sharing key was in force in {when}: there is nothing to compare the keys with")
    raise InvalidInput(f"nothing is known of the energy of {when}; choose months of which there are intervals")


def _facts(task: Task, agreements: Sequence[Agreement], span: Span, labels: Mapping[str, str]) -> Facts:
    in_force = tuple(a.key for a in agreements if a.validity.valid_from < span.end and a.validity.valid_to > span.start)
    proposed = (ComparedKey(p.name, (p.title, p.title_fr), (p.key,)) for p in task.proposals)
    return Facts(
        community=task.community.name,
        place=task.community.place,
        first=f"{task.first:%Y-%m}",
        last=f"{task.last:%Y-%m}",
        made_on=task.made_on,
        keys=(ComparedKey(TODAY, None, in_force), *proposed),
        labels=labels,
        is_named=task.is_named,
        simulated=task.community.simulated,
    )
