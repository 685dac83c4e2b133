"""Why the operator's results and the hub's own figures are apart: the cause of each flow, case by case."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest

from hub.result_residuals import explanation
from store.queries import statement
from tests.conftest import AskForTemplate
from tests.servers import Postgres
from tests.settled import JANUARY, STEPS, month_template, whole_month
from tests.test_operator_settlement import HUB


@pytest.fixture(scope="module")
def month(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[psycopg.Connection]:
    with (
        month_template(database_server, ask_for_template(database_server)) as template,
        whole_month(database_server, template) as (_, connection, _),
    ):
        yield connection


PRORATA: Final = 'UPDATE sharing_key SET rule = \'{"type": "prorata"}\''
A_PART: Final = (
    "UPDATE membership AS m SET participation_percent = 60 FROM point AS p WHERE p.no = m.point_no AND p.id = 'home'"
)
LACKING: Final = (
    "DELETE FROM allocation AS a USING point AS p WHERE p.no = a.point_no AND p.id = 'flat' AND a.start < %s"
)
STORED: Final = """
    INSERT INTO operator_result
    SELECT c.no, p.no, %(flow)s::flow, %(result)s, %(start)s, %(end)s, %(energy_wh)s, %(rounding_wh)s, f.no
    FROM community AS c, point AS p, curve_file AS f WHERE p.id = %(point)s
"""
WHOLE_FILE: Final = {point: {name: STEPS * wh for name, wh in series.items()} for point, series in HUB.items()}
# why, what the operator says otherwise (None: nothing of it), the rounding of its file, what else is, and the causes
CAUSES: Final[list[tuple[str, dict[str, Any], int, str, dict[str, str]]]] = [
    ("the same", {}, 0, "", {"flat": "agrees", "home": "agrees", "roof": "agrees"}),
    ("1 Wh a step of what is shared is rounding", {"home": {"autocons": 59_520 - 744, "complement": 238_080 + 744}}, 0,
     "", {"flat": "agrees", "home": "agrees", "roof": "agrees"}),
    ("and more is not", {"home": {"autocons": 59_520 - 745}}, 0, "",
     {"flat": "agrees", "home": "key", "roof": "agrees"}),
    ("a Wh of consumption is a meter's", {"home": {"cons": 297_601}}, 0, "",
     {"flat": "agrees", "home": "meter", "roof": "agrees"}),
    ("but not where the file is in kWh", {"home": {"cons": 299_000}}, 2000, "",
     {"flat": "agrees", "home": "agrees", "roof": "agrees"}),
    ("nor a Wh a quarter of an hour where a part takes part", {"home": {"cons": 297_600 + 2976}}, 0, A_PART,
     {"flat": "agrees", "home": "agrees", "roof": "agrees"}),
    ("but more is", {"home": {"cons": 297_600 + 2977}}, 0, A_PART,
     {"flat": "agrees", "home": "meter", "roof": "agrees"}),
    ("and of who takes part with all a Wh is", {"flat": {"cons": 178_561}}, 0, A_PART,
     {"flat": "meter", "home": "agrees", "roof": "agrees"}),
    ("what is shared follows the parts of others", {"flat": {"autocons": 59_520 + 5 * 744}}, 0, A_PART,
     {"flat": "agrees", "home": "agrees", "roof": "agrees"}),
    ("as far as they reach", {"flat": {"autocons": 59_521 + 5 * 744}}, 0, A_PART,
     {"flat": "key", "home": "agrees", "roof": "agrees"}),
    ("fixed parts do not follow the others' meters", {"home": {"cons": 1}, "flat": {"autocons": 1}}, 0, "",
     {"flat": "key", "home": "meter", "roof": "agrees"}),
    ("parts pro rata do", {"home": {"cons": 1}, "flat": {"autocons": 1}}, 0, PRORATA,
     {"flat": "others", "home": "meter", "roof": "agrees"}),
    ("all follow the roof", {"roof": {"prod": 1}, "flat": {"autocons": 1}}, 0, "",
     {"flat": "others", "home": "agrees", "roof": "meter"}),
    ("the roof's surplus follows the members", {"roof": {"surplus": 9999}, "flat": {"autocons": 1}}, 0, "",
     {"flat": "key", "home": "agrees", "roof": "others"}),
    ("the hub lacks an hour", {}, 0, LACKING, {"flat": "hub_incomplete", "home": "agrees", "roof": "agrees"}),
    ("no consumption", {"flat": {"cons": None, "autocons": 1}}, 0, "",
     {"flat": "unclear", "home": "agrees", "roof": "agrees"}),
    ("no result at all", {"flat": {"cons": None, "autocons": None, "complement": None}}, 0, "",
     {"flat": "unknown_to_operator", "home": "agrees", "roof": "agrees"}),
    ("nothing of producers, so none is missed", {"roof": {"prod": None, "autocons": None, "surplus": None}}, 0, "",
     {"flat": "agrees", "home": "agrees"}),
    ("somebody else's", {}, 0, "UPDATE membership AS m SET valid_from = '2026-03-01Z' FROM point AS p WHERE p.no ="
     " m.point_no AND p.id = 'flat'; DELETE FROM allocation AS a USING point AS p WHERE p.no = a.point_no AND p.id ="
     " 'flat'", {"flat": "unknown_to_hub", "home": "agrees", "roof": "agrees"}),
]  # fmt: skip


def say(connection: psycopg.Connection, results: Mapping[str, Mapping[str, int | None]], rounding_wh: int) -> None:
    """Store results of January by point, as a file of the operator would have it."""
    connection.execute(
        "INSERT INTO curve_file (digest, name, kind, points, kept, problems) VALUES ('', '', '', '{}', 0, 0)"
    )
    of_all = {"start": JANUARY.start, "end": JANUARY.end, "rounding_wh": rounding_wh}
    for point, series in results.items():
        flow = "export" if "prod" in series else "import"
        for result, energy_wh in series.items():
            if energy_wh is not None:
                row = {"point": point, "flow": flow, "result": result, "energy_wh": energy_wh}
                connection.execute(STORED, {**row, **of_all})


def read(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    parameters = {"community_no": 1, "month_start": JANUARY.start}
    return connection.execute(statement("result_residuals"), parameters).fetchall()


@pytest.mark.parametrize(
    ("said", "rounding_wh", "besides", "causes"), [pytest.param(*rest, id=why) for why, *rest in CAUSES]
)
def test_the_cause_of_each_point(
    month: psycopg.Connection, said: dict[str, Any], rounding_wh: int, besides: str, causes: dict[str, str]
) -> None:
    with month.transaction(force_rollback=True):
        say(month, {point: {**series, **said.get(point, {})} for point, series in WHOLE_FILE.items()}, rounding_wh)
        if besides:
            month.execute(besides.encode(), [JANUARY.start + timedelta(hours=1)] if "%s" in besides else None)
        rows = read(month)
    assert dict(sorted({row[0]: row[-1] for row in rows}.items())) == causes
    known = sum({(row[0], row[1]): row[-2] or 0 for row in rows}.values())
    assert known == pytest.approx(1, abs=1e-5) or {row[-3] for row in rows} == {0}


def test_a_flow_of_nothing_that_one_side_alone_knows_is_explained() -> None:
    row = {"point": "home", "flow": "export", "result_apart_share": None, "cause": "unknown_to_hub"}
    assert explanation([row]) == [
        "home, 0.0% of what is apart: by the hub no production of it is shared in that month: are its role and its"
        " dates right?"
    ]


KEEPS_ITS_SHARE: Final = """
    UPDATE point SET role = 'prosumer' WHERE id = 'flat';
    UPDATE key_version SET rule = rule || '{"surplus": "to_members"}';
    UPDATE allocation AS a SET export_wh = 100, share_wh = allocated_wh + 30, surplus_wh = 30 + 40
    FROM point AS p WHERE p.no = a.point_no AND p.id = 'flat';
"""
"""Of 100 Wh that the flat injects in an hour 40 are left over, and of its share it cannot use 30."""


def test_a_share_that_a_member_keeps_is_no_production_left_over(month: psycopg.Connection) -> None:
    with month.transaction(force_rollback=True):
        say(month, {"roof": WHOLE_FILE["roof"]}, 0)
        month.execute(KEEPS_ITS_SHARE.encode())
        rows = read(month)
        span = {"community_no": 1, "start": JANUARY.start, "end": JANUARY.end}
        traded = month.execute(statement("statement_allocations"), span).fetchall()
    sold_wh = sum(export - (surplus - kept) for *_, export, _, surplus, kept in traded if export == 100)
    assert sold_wh == 60 * STEPS, "so its statement says"
    hub = {result: hub_wh for point, _, result, hub_wh, *_ in rows if point == "flat"}
    assert hub == {"prod": 100 * STEPS, "autocons": 60 * STEPS, "surplus": 40 * STEPS}
