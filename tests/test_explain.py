"""`hub explain`: what happened to a point, the rule of each quarter-hour, and the words for it in both languages."""

import json
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl
import psycopg
import pytest
from hypothesis import given, settings

from energy.frames import READINGS
from energy.time import PARIS, STEP, Span, ceil_to_step, floor_to_step
from hub.explain_alike import KINDS
from hub.explain_french import FR
from hub.explain_text import Teller
from hub.explain_words import EN, Words
from processing.explain import METHODS, explain
from processing.explain_curves import NATURES
from processing.explain_doubts import DOUBTS
from processing.explain_events import EVENT_KINDS
from processing.explain_missing import REASONS
from processing.explain_registers import Known
from store.connect import connect
from tests.explained import GUIDE, NOON, SCENES, known, told
from tests.explained_swaps import SWAP_SCENES, SWAPPED
from tests.hub_command import call_hub, refused
from tests.metering import append, apply, process, register
from tests.registers import Readings, Route, scenes
from tests.test_intervals import readings

ALL_SCENES: Final = [*SCENES, *SWAP_SCENES]


@pytest.mark.parametrize(("why", "of", "minutes", "english", "french"), ALL_SCENES, ids=[row[0] for row in ALL_SCENES])
def test_scenes(why: str, of: Known, minutes: int, english: list[str], french: list[str]) -> None:
    for language, expected in (("en", english), ("fr", french)):
        lines = told(of, minutes, language)
        assert [line for line in expected if line not in lines] == [], "\n".join([why, *lines])


def test_the_scenes_have_every_event_and_reason() -> None:
    flows = [
        flow for _, of, minutes, *_ in ALL_SCENES for flow in explain(of, Span(NOON, NOON + timedelta(minutes=minutes)))
    ]
    assert {event.kind for flow in flows for event in flow.events} == set(EVENT_KINDS)
    assert {quarter.missing and quarter.missing.reason for flow in flows for quarter in flow.quarters} == {
        *REASONS,
        None,
    } - {"waiting"}


def test_nothing_is_said_of_what_lay_between_readings_that_were_removed() -> None:
    """Of a time whose readings are gone an index is left: what follows it weeks later is no silence of the meter."""
    weeks_later = [(60 * 24 * 35 + at, 900 + at) for at in (0, 15)]
    of = known(readings([], weeks_later), SWAPPED, [(40, 1260, 5)])
    span = Span(NOON, NOON + timedelta(hours=1))
    kinds = [[event.kind for flow in explain(one, span) for event in flow.events]
             for one in (of, replace(of, frozen_before=NOON + timedelta(days=32)))]  # fmt: skip
    assert kinds == [["swap", "open"], ["swap_kept"]]


def test_the_example_of_the_guide_is_what_is_said() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
    page = page.replace("\u00a0", " ").replace("\u202f", " ")
    for language in ("en", "fr"):
        assert "```text\n{}\n```".format("\n".join(told(GUIDE, 45, language))) in page


def test_both_languages_have_every_text_with_the_same_parts() -> None:
    assert list(EN) == list(FR)
    for key, text in EN.items():
        assert _parts(text) == _parts(FR[key]), key
        assert text.count("|") == FR[key].count("|"), key
    keys = {
        *EVENT_KINDS,
        *(f"nature_{nature}" for nature in NATURES),
        *(f"rule_{method}" for method in METHODS),
        *(f"why_{reason}" for reason in REASONS),
        *(f"doubt_{doubt}" for doubt in DOUBTS),
        *KINDS,
    }
    assert keys <= set(EN)


def _parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@settings(max_examples=60, deadline=None)
@given(scene=scenes())
def test_what_is_explained_is_what_is_stored(scene: tuple[Readings, list[Route]]) -> None:
    """Energies equal the intervals, registers add up to them, what is missing has its reason, and all can be said."""
    values, routed = scene
    rows = [(r.series, r.point, r.flow, r.tariff, r.limit_w, r.start, r.end, "register") for r in routed]
    of = known(
        pl.DataFrame([(*key, value) for key, value in values.items()], schema=READINGS, orient="row"),
        [row for row in rows if row[1] == 1],
    )
    instants = [at for _, at in values] or [NOON]
    span = Span(floor_to_step(min(instants)) - STEP, ceil_to_step(max(instants)) + STEP)
    flows = explain(of, span)
    found = {
        (flow.flow, quarter.start): quarter.counts.energy_wh
        for flow in flows
        for quarter in flow.quarters
        if quarter.counts
    }
    assert found == {row[:2]: row[2] for row in of.stored.select("flow", "start", "energy_wh").iter_rows()}
    assert {flow.flow: flow.total_wh for flow in flows if flow.total_wh} == {
        flow: total for flow, total in of.stored.group_by("flow").agg(pl.col("energy_wh").sum()).iter_rows() if total
    }
    for quarter in (quarter for flow in flows for quarter in flow.quarters):
        assert quarter.is_current
        if quarter.counts:
            assert sum(register.energy_wh or 0 for register in quarter.registers) == quarter.counts.energy_wh
        else:
            assert quarter.missing
            assert quarter.missing.reason in set(REASONS) - {"waiting", "power"}
    for language in ("en", "fr"):
        lines = Teller("home", span, PARIS, Words(language)).tell(flows)
        assert not [line for line in lines if "{" in line or "  " in line]


TERRITORY: Final = """
community = [{ id = "valley", name = "Valley", place = "Somewhere" }]
holder = [{ id = "someone" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "valley"
device = [{ id = "home-7" }]
[[point]]
id = "shed"
holder = "someone"
name = "Shed"
category = "home"
community = "valley"
"""
MIDNIGHT: Final = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Of Sunday 25 October 2026 in Paris, which has 25 hours."""


@pytest.fixture
def connection(migrated_url: str) -> Iterator[psycopg.Connection]:
    """A home over three weeks, of which five hours of the second are not known; 0.1 kWh each quarter-hour."""
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
        weeks = register("home-7", range(1000, 1000 + 100 * 96 * 22, 100), MIDNIGHT - timedelta(days=7))
        lost = Span(MIDNIGHT + timedelta(hours=10), MIDNIGHT + timedelta(hours=15))
        append(
            connection, [reading for reading in weeks if reading.at is None or not lost.start < reading.at < lost.end]
        )
        append(connection, register("home-7", [0, 0], MIDNIGHT + timedelta(hours=3, minutes=7), timedelta(minutes=1)))
        process(migrated_url)
        yield connection


def lines(url: str, *words: str) -> list[str]:
    code, out, problems = call_hub("explain", *words, settings={"HUB_DATABASE_URL": url})
    assert (code, problems) == (0, ""), problems
    return out.splitlines()


def test_a_day_is_explained_from_the_database(connection: psycopg.Connection, migrated_url: str) -> None:
    """The longest day of the year, with an outage in the hour that comes twice, and a gap shaped by two weeks."""
    of_register = "measured by the register (quality 0, valid); the meter home-7 from"
    assert lines(migrated_url, "home", "2026-10-25") == [
        "home, energy withdrawn, on Sunday 25 October 2026: 10.000 kWh.",
        "Of 100 quarter-hours: 80 measured, 20 estimated.",
        "No curve of the operator is known for this span: the device's figures are used.",
        "",
        "What happened:",
        "- Between 02:07 (UTC+01:00) and 02:08 (UTC+01:00) the meter home-7 showed 0 in 2 readings although it had"
        " counted before: this is an outage, they are left out.",
        "- Between 09:00 and 14:00 the meter home-7 was not heard. It counted 2.000 kWh meanwhile; they are spread"
        " as in the same hours of the week before and the two weeks after.",
        "",
        "Quarter-hours:",
        f"- 00:00 to 09:00: 4.000 kWh, {of_register} 68.200 to 72.200 kWh.",
        "- 09:00 to 14:00: 2.000 kWh, estimated by the shape of other weeks (quality 8, estimated);"
        " the meter home-7 from 72.200 to 74.200 kWh.",
        f"- 14:00 to 24:00: 4.000 kWh, {of_register} 74.200 to 78.200 kWh.",
    ]


def test_several_days_are_told_day_by_day_in_french(connection: psycopg.Connection, migrated_url: str) -> None:
    shown = [
        line.replace("\u00a0", " ") for line in lines(migrated_url, "home", "2026-10-31", "2026-11-01", "--lang", "fr")
    ]
    assert shown[0] == ("home, énergie soutirée, du samedi 31 octobre 2026 au dimanche 1er novembre 2026 : 19,200 kWh.")
    assert [line.split(" : ")[0] for line in shown[-2:]] == [
        "- 31 octobre, de 0 h à 24 h",
        "- 1er novembre, de 0 h à 24 h",
    ]


def test_json_has_the_same_facts(connection: psycopg.Connection, migrated_url: str) -> None:
    told = json.loads(
        "\n".join(lines(migrated_url, "home", "2026-10-25T09:50+01:00", "2026-10-25T10:05+01:00", "--json"))
    )
    assert (told["point"], told["start"], told["end"]) == ("home", "2026-10-25T08:45:00Z", "2026-10-25T09:15:00Z")
    (flow,) = told["flows"]
    assert [(event["kind"], event["weeks"], event["energy_wh"]) for event in flow["events"]] == [
        ("shape", [-1, 1, 2], 2000)
    ]
    assert [(q["start"], q["energy_wh"], q["quality"], q["method"], q["source"]) for q in flow["quarters"]] == [
        ("2026-10-25T08:45:00Z", 100, 8, "shape", "device"),
        ("2026-10-25T09:00:00Z", 100, 8, "shape", "device"),
    ]
    assert flow["total_wh"] == sum(quarter["energy_wh"] for quarter in flow["quarters"])


def test_what_is_not_computed_yet_is_said(connection: psycopg.Connection, migrated_url: str) -> None:
    """A reading that no worker has seen, and an interval that its readings do not give any more."""
    end = MIDNIGHT + timedelta(days=15)
    append(connection, register("home-7", [1000 + 100 * 96 * 22], end))
    connection.execute("UPDATE interval SET energy_wh = 7 WHERE start = %s", [end - 2 * STEP])
    shown = lines(migrated_url, "home", "2026-11-08T22:30", "2026-11-08T23:15")
    assert shown[0].endswith(": 0.007 kWh."), "what counts is what is stored"
    assert shown[3].startswith("What readings give now is not what is stored for 2 quarter-hours: they wait")
    assert shown[-3:] == [
        "- 22:30 to 22:45: 0.007 kWh, measured by the register (quality 0, valid); not what the readings give now.",
        "- 22:45 to 23:00: missing, it waits to be computed.",
        "- 23:00 to 23:15: missing, no usable reading of home-7 follows.",
    ]


def test_what_is_kept_when_its_readings_are_gone_is_said(connection: psycopg.Connection, migrated_url: str) -> None:
    """It waits for nothing, and a device measured it."""
    gone = MIDNIGHT + timedelta(hours=24)
    connection.execute("UPDATE point SET frozen_before = %s", [gone + timedelta(days=31)])
    connection.execute("DELETE FROM reading WHERE at < %s", [gone])
    connection.execute("DELETE FROM interval WHERE start = %s", [gone - 2 * STEP])
    shown = lines(migrated_url, "home", "2026-10-25T22:00", "2026-10-25T23:00")
    assert shown[3] == (
        "What was computed of 3 quarter-hours is kept as it is (`hub retention`): the readings that are left do not"
        " give it any more."
    )
    assert shown[5:] == [
        "Quarter-hours:",
        "- 22:00 to 22:15: 0.100 kWh, measured by the register (quality 0, valid); kept as it was computed.",
        "- 22:15 to 22:30: 0.100 kWh, measured by the register (quality 0, valid); kept as it was computed.",
        "- 22:30 to 22:45: missing, the readings of that time were removed for their age.",
        "- 22:45 to 23:00: 0.100 kWh, measured by the register (quality 0, valid); kept as it was computed.",
    ]


def test_a_point_of_which_nothing_is_known(connection: psycopg.Connection, migrated_url: str) -> None:
    nothing = ["Nothing is known of shed, from Thursday 1 January 2026 to Saturday 31 January 2026."]
    assert lines(migrated_url, "shed", "2026-01-01", "2026-01-31") == nothing


REFUSALS: Final = [
    (("nobody", "2026-01-05"), "there is no metering point 'nobody'; `hub apply` declares points"),
    (("home", "2026-01-01", "2026-02-01"), "2026-01-01 to 2026-02-01 is longer than 31 days: explain a shorter span"),
    (("home", "2026-01-05", "2026-01-04"), "2026-01-04 is not after 2026-01-05"),
    (("home", "2026-01-05T10:00"),
        "say until when: hub explain POINT START END; a day alone, as 2026-01-05, needs no end"),
    (("home", "yesterday"),
        "'yesterday' is neither a day nor a time: write 2026-01-05, or 2026-01-05T10:00 (Europe/Paris time)"),
    (("home", "2026-10-25T02:30", "2026-10-25T04:00"),
        "2026-10-25T02:30 comes twice in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
    (("home", "2026-03-29T01:00", "2026-03-29T02:30"),
        "2026-03-29T02:30 does not exist in Europe/Paris, where the clocks change then: write the offset with it, as"
        " 2026-03-29T02:30:00+01:00 or 2026-03-29T02:30:00+02:00"),
    (("home", "2999-01-05"), "2999-01-05 is yet to come: there is nothing to explain"),
    (("home", "9999-12-31"),
        "'9999-12-31' is neither a day nor a time: write 2026-01-05, or 2026-01-05T10:00 (Europe/Paris time)"),
]  # fmt: skip


def test_what_cannot_be_explained_is_said_in_one_sentence(connection: psycopg.Connection, migrated_url: str) -> None:
    for words, sentence in REFUSALS:
        assert refused("explain", *words, HUB_DATABASE_URL=migrated_url) == sentence
