"""The operator's results beside the hub's own figures, end to end: the point that explains what is apart is named."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from dashboards.panels import read_sql
from energy.time import Span
from store.connect import connect
from store.retention import Cutoffs, read_old, remove
from tests.conftest import AskForTemplate
from tests.filled_hub import refusal, serving
from tests.grafana_viewer import viewer_of
from tests.hub_command import call_hub, refused
from tests.metering import apply
from tests.servers import Postgres
from tests.settled import JANUARY, LATER, STEPS, TERRITORY, Valley, month_template, whole_month

HUB: Final = {
    "home": {"cons": 400, "autocons": 80, "complement": 320},
    "flat": {"cons": 240, "autocons": 80, "complement": 160},
    "roof": {"prod": 160, "autocons": 160, "surplus": 0},
}
"""What the hub has of each hour of January: half of the roof's 160 Wh is for each, and both can use it. [Wh]"""
OPERATOR: Final = {
    "home": {"cons": 360, "autocons": 64, "complement": 296},
    "flat": {"cons": 240, "autocons": 96, "complement": 144},
    "roof": HUB["roof"],
}
"""By the operator the home's meter shows a tenth less, and the key is 40 and 60 percent."""
EXPLAINED: Final = """valley, 2026-01: the hub and the operator's results
point  result      hub kWh  operator kWh  residual kWh      known
home   cons        297.600       267.840       +29.760  744 / 744
home   autocons     59.520        47.616       +11.904  744 / 744
home   complement  238.080       220.224       +17.856  744 / 744
flat   cons        178.560       178.560        +0.000  744 / 744
flat   autocons     59.520        71.424       -11.904  744 / 744
flat   complement  119.040       107.136       +11.904  744 / 744
roof   prod        119.040       119.040        +0.000  744 / 744
roof   autocons    119.040       119.040        +0.000  744 / 744
roof   surplus       0.000         0.000        +0.000  744 / 744
residual: hub - operator; known: settlement steps that the hub knows of the flow, of those awaited

home, 71.4% of what is apart: the consumption itself differs: it is the meter or the curve, not the key
flat, 28.6% of what is apart: the consumption agrees and what was shared does not: compare the key and its \
coefficients with the operator's
all others agree (1): no more apart than rounding explains
"""


@pytest.fixture(scope="module")
def template(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[str]:
    with month_template(database_server, ask_for_template(database_server)) as name:
        yield name


@pytest.fixture
def valley(database_server: Postgres, template: str) -> Iterator[Valley]:
    with whole_month(database_server, template) as valley:
        yield valley


def curves(results: dict[str, dict[str, int]]) -> str:
    """The hours of January as the hub's own CSV, by starts in UTC, in Wh."""
    lines = [
        f"{JANUARY.start + timedelta(hours=n):%Y-%m-%dT%H:%MZ};{point};{name};{energy_wh}"
        for point, series in results.items()
        for name, energy_wh in series.items()
        for n in range(STEPS)
    ]
    return "\n".join(["at;point;type;value", *lines, ""])


def hub(url: str, *words: str | Path) -> str:
    code, stdout, stderr = call_hub(*map(str, words), settings={"HUB_DATABASE_URL": url})
    assert (code, stderr) == (0, "")
    return stdout


def imported(url: str, folder: Path, results: dict[str, dict[str, int]], name: str = "january.csv") -> str:
    file = folder / name
    file.write_text(curves(results))
    return hub(url, "import", "settlement", "valley", file, "--unit", "Wh", "--stamp", "start")


def test_one_wrong_meter_and_one_wrong_key_are_told_apart(valley: Valley, tmp_path: Path) -> None:
    url, _, _ = valley
    assert imported(url, tmp_path, OPERATOR) == (
        "january.csv: results of the operator as curves, valley, 3 points, 2026-01; 9 results: 9 new\n"
    )
    assert hub(url, "residuals", "valley", "--settlement") == EXPLAINED
    assert hub(url, "residuals", "valley", "--settlement", "--month", "2026-02") == (
        "no results of the operator are known for valley in 2026-02; known are those of 2026-01\n"
    )
    shown = json.loads(hub(url, "residuals", "valley", "--settlement", "--json"))
    assert (shown["month"], shown["months"], len(shown["rows"])) == ("2026-01", ["2026-01"], 9)
    assert (shown["rows"][1]["result_residual_wh"], shown["rows"][1]["cause"]) == (11_904, "meter")
    with serving(url) as client:
        address = "/v1/communities/valley/settlements/operator"
        answer = client.get(address).json()
        assert (answer["community"], answer["month"], answer["months"]) == ("valley", "2026-01", ["2026-01"])
        assert answer["rows"][1] == {
            "month": "2026-01", "point": "home", "flow": "import", "result": "autocons", "hub_result_kwh": 59.52,
            "operator_result_kwh": 47.616, "result_residual_kwh": 11.904, "present": STEPS, "expected": STEPS,
            "completeness": 1.0, "result_apart_kwh": 29.76, "result_apart_share": 0.714286, "cause": "meter",
        }  # fmt: skip
        csv = client.get(address, params={"format": "csv", "month": "2026-01"})
        assert csv.headers["content-disposition"] == 'attachment; filename="valley-2026-01-operator.csv"'
        assert csv.text.splitlines()[0] == ",".join(answer["rows"][0])
        assert len(csv.text.splitlines()) == 10
        assert client.get(address, params={"format": "parquet"}).content.startswith(b"PAR1")
        assert client.get(address, params={"month": "2026-02"}).json()["rows"] == []
        for month in ("2026-13", "1726-01", "3500-01"):
            assert f"month '{month}' is not a month" in refusal(client.get(address, params={"month": month}), 400)


def test_whose_results_are_no_members(valley: Valley, tmp_path: Path) -> None:
    """One of them is told and kept, for the operator may know what the hub does not; none of them is a mistake."""
    url, connection, _ = valley
    hill = "VALUES ('hill', '', '', 'Europe/Paris', 15)"
    connection.execute(f"INSERT INTO community (id, name, place, zone, step_min) {hill}".encode())
    file = tmp_path / "january.csv"
    file.write_text(curves(OPERATOR))
    options = (str(file), "--unit", "Wh", "--stamp", "start")
    assert refused("import", "settlement", "hill", *options, HUB_DATABASE_URL=url) == (
        "january.csv: none of its points is a member of hill; nothing was imported"
    )
    connection.execute("DELETE FROM membership USING point AS p WHERE point_no = p.no AND p.id = 'flat'")
    assert hub(url, "import", "settlement", "valley", *options).splitlines()[1] == (
        "! flat is no member of valley: what the operator says there stands beside nothing of the hub's"
    )


def test_a_file_comes_twice_is_corrected_and_taken_back(valley: Valley, tmp_path: Path) -> None:
    url, connection, _ = valley
    imported(url, tmp_path, OPERATOR)
    assert (
        imported(url, tmp_path, OPERATOR)
        .partition("9 results: ")[2]
        .startswith("9 known already; nothing changes, the file was imported on ")
    )
    corrected = {**OPERATOR, "home": HUB["home"]}
    assert "9 results: 3 changed, 6 known already" in imported(url, tmp_path, corrected, "corrected.csv")
    assert "home" not in hub(url, "residuals", "valley", "--settlement").partition("\n\n")[2]
    assert "results_csv" in hub(url, "import", "list")
    assert hub(url, "import", "undo", tmp_path / "corrected.csv") == (
        "undone: corrected.csv; 3 values went, 3 that they had replaced came back\n"
    )
    assert hub(url, "residuals", "valley", "--settlement") == EXPLAINED
    assert "9 values went" in hub(url, "import", "undo", "1")
    assert connection.execute("SELECT count(*) FROM operator_result").fetchone() == (0,)
    told = hub(url, "residuals", "valley", "--settlement", "--month", "2026-01")
    assert "`hub import settlement` brings them" in told


def test_results_go_with_their_holder_and_with_balances(valley: Valley, tmp_path: Path) -> None:
    url, connection, _ = valley
    imported(url, tmp_path, {**OPERATOR, "home": HUB["home"]}, "before.csv")
    before = read_old(connection, "balances", LATER)
    imported(url, tmp_path, OPERATOR)
    assert read_old(connection, "balances", LATER).rows == before.rows + 3, "the results that were replaced go too"
    assert "is forgotten" in call_hub("forget", "dupont", "--yes", settings={"HUB_DATABASE_URL": url})[1]
    points = connection.execute(
        "SELECT DISTINCT id FROM operator_result JOIN point ON no = point_no ORDER BY 1"
    ).fetchall()
    assert points == [("flat",), ("roof",)]
    assert connection.execute("SELECT count(*) FROM operator_result_revision").fetchone() == (0,)
    cutoffs = Cutoffs(None, None, JANUARY.start, timedelta())
    assert {removed.kind for removed in remove(connection, cutoffs)} == set(), "January is not old yet"
    cutoffs = Cutoffs(None, None, JANUARY.start + timedelta(days=1), timedelta())
    gone = {removed.kind: removed.rows for removed in remove(connection, cutoffs)}
    assert gone["curves"] == 6
    assert connection.execute("SELECT count(*) FROM operator_result").fetchone() == (0,)


# why, what happens to the hub's figures, and what a viewer sees of the flat's cons
SHOWN: Final[list[tuple[str, str, list[tuple[Any, ...]]]]] = [
    ("a whole month", "", [(Decimal("178.56"), Decimal("178.56"), 0, "key")]),
    ("less than nine tenths is not told", "DELETE FROM allocation WHERE start < '2026-01-05Z'",
     [(None, Decimal("178.56"), None, "hub_incomplete")]),
    ("nor a member of a part of the month", "UPDATE membership SET valid_from = '2026-01-15Z'", []),
]  # fmt: skip


@pytest.mark.parametrize(("besides", "expected"), [pytest.param(*rest, id=why) for why, *rest in SHOWN])
def test_what_a_viewer_sees_in_grafana(
    valley: Valley, tmp_path: Path, besides: str, expected: list[tuple[Any, ...]]
) -> None:
    url, connection, _ = valley
    imported(url, tmp_path, OPERATOR)
    connection.execute(besides.encode() or b"SELECT")
    with viewer_of(url, ["valley"]) as viewer, viewer_of(url, []) as nobody:
        answer = viewer.ask(read_sql("result_residuals"), ["valley"], JANUARY)
        assert nobody.ask(read_sql("result_residuals"), ["valley"], JANUARY).rows == []
        later = viewer.ask(read_sql("result_residuals"), ["valley"], Span(LATER, LATER + timedelta(days=1)))
    assert later.rows == []
    names = ("hub_result_kwh", "operator_result_kwh", "result_residual_kwh", "cause")
    rows = [dict(zip(answer.names, row, strict=True)) for row in answer.rows]
    flat = [row for row in rows if row["point"] == "flat" and row["result"] == "cons"]
    assert [tuple(row[name] for name in names) for row in flat] == expected


def test_json_of_a_point_that_nobody_declared_is_told_and_the_rest_imported(
    any_migrated_url: str, tmp_path: Path
) -> None:
    with connect(any_migrated_url) as connection:
        apply(connection, TERRITORY.replace("home", "00000000000001"))
    file = Path(__file__).parent / "data" / "settlement" / "two_points.json"
    stdout = hub(any_migrated_url, "import", "settlement", "valley", file)
    assert stdout == (
        "two_points.json: results of the operator as JSON, valley, 1 point, 2026-01; 3 results: 3 new\n"
        "! point 00000000000002 is not declared, and its 3 values left out; put its id in the territory file, run `hub"
        " apply`, and import the file again\n"
    )
    lines = hub(any_migrated_url, "residuals", "valley", "--settlement").splitlines()
    assert lines[2].split() == ["00000000000001", "cons", "-", "300.000", "-", "0", "/", "744"]
    assert lines[-1].startswith("00000000000001, 100.0% of what is apart: the hub lacks steps of the consumption")
    empty = tmp_path / "empty.json"
    empty.write_text("[]")

    def sentence(*words: str) -> str:
        return refused("import", "settlement", *words, HUB_DATABASE_URL=any_migrated_url)

    assert sentence("valley", str(empty)) == "empty.json: it holds no value"
    assert "nowhere" in sentence("nowhere", str(file))
