"""The HTTP interface on a real database: figures in every format, local days, months, rates, and what it refuses."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from math import floor
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest

from energy.columns import columns
from energy.time import Span, floor_to_step, local_day, local_month, rfc3339
from processing.publish import publish
from store.connect import FrameReader, connect
from tests.conftest import AskForTemplate
from tests.filled_hub import filled_hub, refusal, serving
from tests.servers import Postgres
from tests.valley import ABSENCE, COMMUNITIES, SILENCE, Sums, fill, settled_steps

PARIS: Final = ZoneInfo("Europe/Paris")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
STEPS_MIN: Final = {"15min": 15, "30min": 30, "hour": 60}


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[httpx.Client]:
    with filled_hub(database_server, ask_for_template(database_server)) as client:
        yield client


def balance(hub: httpx.Client, community: str, **parameters: str) -> dict[str, Any]:
    answer = hub.get(f"/v1/communities/{community}/balance", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def expected_rows(community: str, step: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The balance by hand, grouped to a step or a local day or month."""
    zone = ZoneInfo(COMMUNITIES[community][0])

    def bucket(at: datetime) -> Span:
        if step in STEPS_MIN:
            width = timedelta(minutes=STEPS_MIN[step])
            return Span(floor_to_step(at, width), floor_to_step(at, width) + width)
        return (local_month if step == "month" else local_day)(at.astimezone(zone).date(), zone)

    known = [(bucket(at), sums) for at, sums in settled_steps(community) if start <= at < end]
    return [
        {"start": rfc3339(span.start), **summed(community, span, [sums for _, sums in group])}
        for span, group in groupby(known, key=lambda entry: entry[0])
    ]


def summed(community: str, span: Span, known: list[Sums]) -> dict[str, Any]:
    """Sums over a span, of which everything is awaited: the flows of two members in each settlement step."""
    whole = sum(known, Sums())
    expected = 2 * ((span.end - span.start) // timedelta(minutes=COMMUNITIES[community][1]))
    completeness = floor(whole.present * 1_000_000 / expected) / 1_000_000
    return {**whole.shown(), "expected": expected, "completeness": completeness}


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize(
    ("community", "step", "day", "rows"),
    [
        ("quarterly", "15min", SPRING, 92),
        ("quarterly", "15min", AUTUMN, 100),
        ("quarterly", "30min", SPRING, 46),
        ("quarterly", "hour", AUTUMN, 25),
        ("quarterly", "day", SPRING, 1),
        ("hourly", "hour", SPRING, 23),
        ("hourly", "hour", AUTUMN, 25),
        ("hourly", "day", AUTUMN, 1),
        ("halfhourly", "30min", SPRING, 48),  # St John's changed its clocks three weeks before
        ("halfhourly", "day", SPRING, 1),
    ],
)
def test_local_days_are_whole_over_clock_changes(
    hub: httpx.Client, community: str, step: str, day: date, rows: int
) -> None:
    zone = ZoneInfo(COMMUNITIES[community][0])
    start, end = (datetime(d.year, d.month, d.day, tzinfo=zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    shown = balance(hub, community, start=day.isoformat(), step=step)
    assert (shown["start"], shown["end"], shown["step"]) == (rfc3339(start), rfc3339(end), step)
    assert len(shown["rows"]) == rows
    assert [without(row, "quality", "status") for row in shown["rows"]] == expected_rows(community, step, start, end)
    assert {row["quality"] for row in shown["rows"]} == {0}
    assert {row["status"] for row in shown["rows"]} == {"settled"}
    assert shown["totals"]["status"] == "settled"


@pytest.mark.parametrize("community", COMMUNITIES)
@pytest.mark.parametrize("step", ["hour", "day", "month"])
def test_sums_follow_the_calendar_over_any_span(hub: httpx.Client, community: str, step: str) -> None:
    start, end = datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    shown = balance(hub, community, start=rfc3339(start), end=rfc3339(end), step=step)
    assert [without(row, "quality", "status") for row in shown["rows"]] == expected_rows(community, step, start, end)
    whole = summed(community, Span(start, end), [sums for at, sums in settled_steps(community) if start <= at < end])
    assert without(shown["totals"], "quality", "status") == whole
    assert shown["totals"]["status"] == "provisional"


def test_a_month_ends_with_its_last_local_day(hub: httpx.Client) -> None:
    march = balance(hub, "quarterly", start="2026-03-31", end="2026-04-02", step="month")["rows"]
    assert [row["start"] for row in march] == ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"]
    assert [row["present"] for row in march] == [192, 192]
    assert [row["expected"] for row in march] == [743 * 4 * 2, 720 * 4 * 2]
    assert [row["completeness"] for row in march] == [0.032301, 0.033333]
    assert {row["status"] for row in march} == {"provisional"}, "a day is not the month it is named after"


def test_silence_is_absent_and_an_absent_member_makes_a_step_provisional(hub: httpx.Client) -> None:
    rows = {row["start"]: row for row in balance(hub, "quarterly", start="2026-03-30")["rows"]}
    assert len(rows) == 96 - 24
    assert not [at for at in rows if rfc3339(SILENCE[0]) <= at < rfc3339(SILENCE[1])]
    alone = [row for at, row in rows.items() if rfc3339(ABSENCE[0]) <= at < rfc3339(ABSENCE[1])]
    assert {(row["present"], row["expected"], row["status"]) for row in alone} == {(1, 2, "provisional")}
    assert {row["consumption_kwh"] for row in alone} == {0}
    assert {row["self_sufficiency_rate"] for row in alone} == {None}
    others = [row for at, row in rows.items() if not rfc3339(ABSENCE[0]) <= at < rfc3339(ABSENCE[1])]
    assert {row["status"] for row in others} == {"settled"}


def test_rates_are_ratios_of_sums_and_null_without_denominator(hub: httpx.Client) -> None:
    shown = balance(hub, "quarterly", start="2026-03-31")
    night = next(row for row in shown["rows"] if row["production_kwh"] == 0 and row["consumption_kwh"] > 0)
    assert (night["self_consumption_rate"], night["self_sufficiency_rate"], night["coverage_rate"]) == (None, 0, 0)
    noon = next(row for row in shown["rows"] if row["consumption_kwh"] == 0 and row["production_kwh"] > 0)
    assert (noon["self_consumption_rate"], noon["self_sufficiency_rate"], noon["coverage_rate"]) == (0, None, None)
    rates = [row["self_consumption_rate"] for row in shown["rows"] if row["production_kwh"]]
    whole = shown["totals"]
    assert whole["self_consumption_rate"] == round(whole["allocated_kwh"] / whole["production_kwh"], 6)
    assert whole["self_consumption_rate"] != round(sum(rates) / len(rates), 6)


def test_a_span_without_data_has_no_rows_and_no_totals(hub: httpx.Client) -> None:
    shown = balance(hub, "quarterly", start="2026-07-14")
    assert (shown["rows"], shown["totals"]) == ([], None)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-29", "2026-03-30"),
        ("2026-03-29", None),
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("2026-03-28T23:00:00Z", None),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("2026-03-29T00:00:00", "2026-03-30T00:00:00"),  # without offset it is local
        ("2026-03-29T00:00:00 01:00", "2026-03-30"),  # a plus that was not escaped
        ("20260329", "2026-03-30"),
    ],
)
def test_dates_and_instants_name_the_same_span(hub: httpx.Client, start: str, end: str | None) -> None:
    asked = {"start": start} if end is None else {"start": start, "end": end}
    shown = balance(hub, "quarterly", **asked)
    assert (shown["start"], shown["end"]) == ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")


def test_without_dates_the_local_day_of_today_is_meant(hub: httpx.Client) -> None:
    before = datetime.now(PARIS).date()
    shown = balance(hub, "hourly")
    days = {before, datetime.now(PARIS).date()}  # midnight may pass meanwhile
    assert shown["start"] in {rfc3339(datetime(d.year, d.month, d.day, tzinfo=PARIS)) for d in days}
    assert shown["step"] == "hour"


@pytest.mark.parametrize(
    ("community", "step"), [("quarterly", "15min"), ("halfhourly", "30min"), ("hourly", "hour"), ("quarterly", "month")]
)
def test_every_format_holds_the_same_figures(hub: httpx.Client, community: str, step: str) -> None:
    asked = {"start": "2026-03-28", "end": "2026-04-01", "step": step}
    rows = balance(hub, community, **asked)["rows"]
    path = f"/v1/communities/{community}/balance"

    text = hub.get(path, params={**asked, "format": "csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.headers["content-disposition"] == f'attachment; filename="{community}-{step}.csv"'
    table = pl.read_csv(io.StringIO(text.text), schema_overrides={"start": pl.String})
    assert table.to_dicts() == rows

    parquet = hub.get(path, params={**asked, "format": "parquet"})
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"
    assert parquet.headers["content-disposition"] == f'attachment; filename="{community}-{step}.parquet"'
    frame = pl.read_parquet(io.BytesIO(parquet.content))
    assert frame.schema["start"] == pl.Datetime("us", "UTC")
    assert [{**row, "start": rfc3339(row["start"])} for row in frame.to_dicts()] == rows
    assert set(frame.columns) == set(rows[0]) <= columns().keys()


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_file_without_rows_still_has_its_columns(hub: httpx.Client, format_: str) -> None:
    answer = hub.get("/v1/communities/quarterly/balance", params={"start": "2026-07-14", "format": format_})
    read = pl.read_csv if format_ == "csv" else pl.read_parquet
    frame = read(io.BytesIO(answer.content))
    assert (frame.height, frame.columns[0]) == (0, "start")


def test_communities_say_what_they_agreed_on(hub: httpx.Client) -> None:
    shown = hub.get("/v1/communities").json()["communities"]
    assert [community["id"] for community in shown] == sorted(COMMUNITIES)
    quarterly = next(community for community in shown if community["id"] == "quarterly")
    assert quarterly == {
        "id": "quarterly",
        "name": "Vallée quarterly",
        "place": "Somewhere",
        "zone": "Europe/Paris",
        "step_min": 15,
        "simulated": True,
        "points": 2,
        "key": {"type": "prorata", "surplus": "to_producers", "valid_from": None},
        "first_start": "2026-03-27T22:00:00Z",
        "last_start": "2026-10-26T22:45:00Z",
    }
    assert hub.get("/v1/communities/quarterly").json() == quarterly


def test_health_counts_what_was_heard(hub: httpx.Client) -> None:
    shown = hub.get("/v1/health").json()
    assert shown.pop("version")
    assert shown.pop("database")["postgresql"]
    assert shown == {
        "status": "ok",
        "last_reading_at": "2026-10-26T23:00:00Z",
        "listeners": [],
        "devices": 6,
        "unmapped_devices": 0,
        "rejected_messages": 0,
        "rejected_readings": 0,
        "stale_spans": 0,
        "failing_spans": 0,
        "communities_without_key": 0,
    }


def test_power_of_devices_that_fell_silent_is_not_known(hub: httpx.Client) -> None:
    assert hub.get("/v1/communities/quarterly/now").json() == {
        "community": "quarterly",
        "at": None,
        "consumption_w": None,
        "production_w": None,
        "points": 0,
        "expected": 2,
    }


def test_the_page_and_its_parts_are_served_beside_the_interface(hub: httpx.Client) -> None:
    page = Path(__file__).parents[1] / "dashboards" / "page"
    index = hub.get("/")
    assert hub.get("/?community=quarterly&lang=fr").content == index.content, "the page's own links say what to show"
    assert (index.content, index.headers["cache-control"]) == ((page / "index.html").read_bytes(), "no-cache")
    for file in page.iterdir():
        assert hub.get(f"/page/{file.name}").content == file.read_bytes()


def test_open_data_lists_releases_and_serves_their_files_as_released(migrated_url: str) -> None:
    fill(migrated_url)
    with connect(migrated_url) as connection, closing(FrameReader(migrated_url)) as reader:
        assert publish(connection, reader, datetime(2026, 11, 20, tzinfo=UTC)) == 1
    with serving(migrated_url) as hub:
        assert hub.get("/open/v1").headers["access-control-allow-origin"] == "*"
        (dataset,) = hub.get("/open/v1").json()["datasets"]
        (release,) = dataset["releases"]
        assert (release["version"], release["released_at"]) == (1, "2026-11-20T00:00:00Z")
        for file in release["files"]:
            answer = hub.get(f"/open/v1/{dataset['dataset']}/{file['name']}")
            assert answer.headers["etag"] == f'"{file["sha256"]}"'
            assert answer.headers["access-control-allow-origin"] == "*"
            assert len(answer.content) == file["bytes"]
            head = hub.head(f"/open/v1/{dataset['dataset']}/{file['name']}")
            assert (head.status_code, head.headers["etag"], head.content) == (200, answer.headers["etag"], b"")
            first = hub.get(f"/open/v1/{dataset['dataset']}/{file['name']}", params={"version": 1})
            assert first.content == answer.content
            refusal(hub.get(f"/open/v1/{dataset['dataset']}/{file['name']}", params={"version": 2}), 404)
        package = hub.get(f"/open/v1/{dataset['dataset']}/datapackage.json").json()
        assert {resource["path"] for resource in package["resources"]} < {file["name"] for file in release["files"]}
