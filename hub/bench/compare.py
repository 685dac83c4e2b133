"""How long it takes to compare keys: months of a community replayed under today's key and five others, with reports."""

import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from energy.agreements import Agreement, Member
from energy.errors import InvalidInput
from energy.frames import COMPARED_POINTS, FLOW_INTERVALS
from energy.keys import ProRataKey, StaticKey
from energy.model import Role
from energy.proposals import TODAY, Proposal
from energy.tariffs import Tariff
from energy.time import STEP, Span
from energy.validity import Validity
from hub.bench.allocate import PRODUCER_EVERY, make_keys
from processing.compare import alternatives, gather, months_between, replay
from processing.compare_tables import compare
from processing.report import render
from processing.report_facts import ComparedKey, Facts, pseudonyms
from processing.report_numbers import LANGUAGES

FIRST: Final = date(2025, 1, 1)
MONTHS: Final = 12
HALF_HOUR: Final = timedelta(minutes=30)
ZONE: Final = ZoneInfo("Europe/Paris")
"""Its clocks change twice within the year."""
TARIFF: Final = Tariff(Validity(), Decimal("0.25"), Decimal("0.15"), surplus_eur_per_kwh=Decimal("0.06"))


def measure(members: int, months: int) -> dict[str, float]:
    """Seconds from quarters of an hour in memory to both reports and all tables; reading a database is not in it.

    A year by default: of 200 members at half-hours, under today's key (pro rata) and five others, with a tariff.

    Raises:
        InvalidInput: too little, or more than a year.
    """
    if members < PRODUCER_EVERY or not 1 <= months <= MONTHS:
        raise InvalidInput(f"a comparison needs {PRODUCER_EVERY} members and 1 to {MONTHS} months")
    ids = pl.Series([f"p{number:06}" for number in range(members)])
    keys = make_keys(ids) | {"equal": StaticKey(dict.fromkeys(ids, 1_000_000 // members))}
    proposals = [Proposal(name, name, name, key) for name, key in keys.items()]
    roles = [Role.CONSUMER if place % PRODUCER_EVERY else Role.PROSUMER for place in range(members)]
    who = [Member(place, point, role, Validity()) for place, (point, role) in enumerate(zip(ids, roles, strict=True))]
    agreements = [Agreement(ProRataKey(), Validity())]
    points = pl.DataFrame(
        [(point, point, "home", role, []) for point, role in zip(ids, roles, strict=True)],
        COMPARED_POINTS,
        orient="row",
    )
    spent_s = 0.0
    gathered, replayed = [], []
    for name, span in months_between(FIRST, FIRST.replace(month=months), ZONE):
        flows = _flows(span, members)
        began = time.perf_counter()
        month = gather(name, span, flows, who, agreements, HALF_HOUR)
        for one in alternatives(agreements, proposals):
            replayed.append((one.name, replay(month, one, [TARIFF], ZONE)))
        gathered.append(month)
        spent_s += time.perf_counter() - began
    began = time.perf_counter()
    comparison = compare(replayed, gathered, points)
    titled = (ComparedKey(p.name, (p.title, p.title_fr), (p.key,)) for p in proposals)
    facts = Facts(
        "Bench", "", gathered[0].name, gathered[-1].name, FIRST,
        (ComparedKey(TODAY, None, (ProRataKey(),)), *titled), pseudonyms(ids, "bench"),
    )  # fmt: skip
    for language in LANGUAGES:
        render(comparison, facts, language)
    return {"compare_s": round(spent_s + time.perf_counter() - began, 2)}


def _flows(span: Span, members: int) -> pl.DataFrame:
    """FLOW_INTERVALS: each withdraws something below 700 Wh in a quarter of an hour; some inject up to 6 kWh."""
    row = pl.int_range((span.end - span.start) // STEP * members, dtype=pl.Int64)
    place = row % members
    start = pl.lit(span.start).cast(FLOW_INTERVALS["start"]) + pl.duration(minutes=row // members * 15)
    head = [place.cast(pl.Int32).alias("point_no"), start.alias("start"), pl.lit(0, pl.Int16).alias("quality")]
    head.append(pl.lit("register").alias("method"))
    taken = pl.select(*head, flow=pl.lit("import"), energy_wh=(row * 7919) % 700)
    given = pl.select(*head, flow=pl.lit("export"), energy_wh=(row * 15_485_863) % 6000)
    makers = given.filter(pl.col("point_no") % PRODUCER_EVERY == 0)
    return pl.concat([taken, makers]).select(FLOW_INTERVALS.names()).sort("point_no", "flow", "start")
