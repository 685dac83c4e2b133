"""The customer space's load curve: what is read of it, and how the step of each value is told."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.files import FileContent
from ingest.files.labels import DAMAGED_POINT
from ingest.files.words import DAILY
from tests.file_examples import FOLDER, read_text, reasons, told

NAMES = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite;"
)
NAMES += "Pas en minutes"
PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 1, 4, 23, tzinfo=UTC)


def block(
    rows: Sequence[str],
    *,
    prm: str = "00000000000001",
    about: str = "Courbe de charge",
    physical: str = "Energie active",
    flow: str = "Consommation",
    stage: str = "Comptage Brut",
    unit: str = "W",
    step: str = "",
) -> str:
    says = f"{prm};{about};05/01/2026;06/01/2026;{physical};{flow};{stage};{unit};{step}"
    return "\n".join([NAMES, says, "Horodate;Valeur", *rows]) + "\n"


def row(end_min: int, value: object = 100) -> str:
    """A line for a step that ends so many minutes after midnight in Paris."""
    return f"{(MIDNIGHT + timedelta(minutes=end_min)).astimezone(PARIS).isoformat()};{value}"


def steps(content: FileContent) -> list[tuple[int, int]]:
    """Start in minutes after midnight, and length, of each reading."""
    minutes = [(at - MIDNIGHT) // timedelta(minutes=1) for at in content.readings["at"]]
    return list(zip(minutes, content.readings["step_min"], strict=True))


# ends of steps in minutes, which have no value, what is to come of them: (start, step)
STEPS = [
    ("half-hours", [30, 60, 90], [], [(0, 30), (30, 30), (60, 30)]),
    (
        "a hole is no long step",
        [10, 20, 30, 60, 70, 80],
        [],
        [(0, 10), (10, 10), (20, 10), (50, 10), (60, 10), (70, 10)],
    ),
    (
        "two holes of one length neither",
        [10, 20, 30, 60, 90, 100, 110],
        [],
        [(0, 10), (10, 10), (20, 10), (50, 10), (80, 10), (90, 10), (100, 10)],
    ),
    ("a hole that is no step at all", [30, 60, 150, 180], [], [(0, 30), (30, 30), (120, 30), (150, 30)]),
    ("10 then 30", [10, 20, 30, 60, 90, 120], [], [(0, 10), (10, 10), (20, 10), (30, 30), (60, 30), (90, 30)]),
    ("30 then 10", [30, 60, 90, 100, 110], [], [(0, 30), (30, 30), (60, 30), (90, 10), (100, 10)]),
    ("30 then 60", [30, 60, 120, 180, 240], [], [(0, 30), (30, 30), (60, 60), (120, 60), (180, 60)]),
    (
        "a hole within the longer steps keeps them",
        [10, 20, 30, 60, 90, 180, 210],
        [],
        [(0, 10), (10, 10), (20, 10), (30, 30), (60, 30), (150, 30), (180, 30)],
    ),
    (
        "after a hole the following step counts",
        [10, 20, 30, 120, 150, 180, 210],
        [],
        [(0, 10), (10, 10), (20, 10), (90, 30), (120, 30), (150, 30), (180, 30)],
    ),
    (
        "a longer step does not reach into the value before",
        [10, 20, 30, 40, 60, 90, 120, 150],
        [],
        [(0, 10), (10, 10), (20, 10), (30, 10), (50, 10), (60, 30), (90, 30), (120, 30)],
    ),
    ("lines without a value tell the step as well", [10, 20, 30, 40, 50], [20, 30, 40], [(0, 10), (40, 10)]),
    (
        "every third value, ending where no half-hour does",
        [10, 20, 50, 80, 110, 120, 130],
        [],
        [(0, 10), (10, 10), (40, 10), (70, 10), (100, 10), (110, 10), (120, 10)],
    ),
    (
        "between holes, a value that cannot have the following step has the one before",
        [10, 20, 30, 80, 120, 150, 180, 210],
        [],
        [(0, 10), (10, 10), (20, 10), (70, 10), (90, 30), (120, 30), (150, 30), (180, 30)],
    ),
    ("a hole that ends where no half-hour does", [10, 40, 50], [], [(0, 10), (30, 10), (40, 10)]),
]


@pytest.mark.parametrize(("ends", "empty", "expected"), [pytest.param(*rest, id=why) for why, *rest in STEPS])
def test_the_step_of_each_value_is_told_by_its_neighbours(
    ends: list[int], empty: list[int], expected: list[tuple[int, int]]
) -> None:
    rows = [row(end, "" if end in empty else 100) for end in ends]
    content = read_text(block(rows))
    assert steps(content) == expected
    assert reasons(content) == []
    assert content.counts.empty == len(empty)
    random.Random(7).shuffle(rows)  # noqa: S311
    assert steps(read_text(block(rows))) == expected


def test_a_value_that_stands_alone_has_the_declared_step_or_is_told() -> None:
    assert steps(read_text(block([row(60)], step="30"))) == [(30, 30)]
    content = read_text(block([row(60, 123)]))
    assert reasons(content) == [(4, "the value '123' stands so alone that nothing tells how long it lasts")]
    assert content.readings.is_empty()


SEGMENTS = st.lists(st.tuples(st.sampled_from([10, 30, 60]), st.integers(1, 4)), min_size=1, max_size=6)


@given(SEGMENTS, st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_written_with_changing_steps_is_read_so_in_any_order(
    segments: list[tuple[int, int]], data: st.DataObject
) -> None:
    # A step changes at whole hours and lasts at least three times, as long as the file goes on.
    end, expected, rows = 0, [], []
    for step, count in segments:
        for _ in range(count * max(3, 60 // step) if step < 60 else count + 2):
            end += step
            watts = data.draw(st.one_of(st.none(), st.integers(0, 9000), st.sampled_from(["0,5", "12.25"])))
            rows.append(row(end, "" if watts is None else watts))
            if watts is not None:
                expected.append((end - step, step, float(str(watts).replace(",", "."))))
        end += -end % 60
    shuffled = data.draw(st.permutations(rows))
    content = read_text(block(shuffled))
    values = content.readings["value"]
    assert [(*told_, value) for told_, value in zip(steps(content), values, strict=True)] == expected
    assert reasons(content) == []


def test_blocks_of_two_flows_with_other_units_and_windows_line_ends_are_read() -> None:
    path = FOLDER / "enedis_load_curve" / "two_blocks_mixed_steps.csv"
    content = read_text(path.read_bytes().decode())
    assert told(content, "line", "quantity", "at", "step_min", "value") == [
        (14, "export_power_avg", "01-05 09:30", 30, 1250.0),
        (5, "import_power_avg", "01-05 09:00", 10, 600.0),
        (6, "import_power_avg", "01-05 09:10", 10, 660.0),
        (7, "import_power_avg", "01-05 09:20", 10, 720.0),
        (8, "import_power_avg", "01-05 09:30", 30, 900.0),
        (9, "import_power_avg", "01-05 10:00", 30, 930.0),
        (10, "import_power_avg", "01-05 10:30", 30, 960.0),
    ]


# what differs from an ordinary block of two half-hours; its readings (quantity, value, nature, quality)
SUBJECTS = [
    ("kW", {"unit": "kW"}, ("import_power_avg", 100_000.0, "brut", 14)),
    ("energy of the step", {"unit": "kWh"}, ("import_energy_interval", 100_000.0, "brut", 14)),
    ("production", {"flow": "Production"}, ("export_power_avg", 100.0, "brut", 14)),
    ("filled by the operator", {"stage": "Courbe complétée"}, ("import_power_avg", 100.0, "complete", 8)),
    ("corrected by the operator", {"stage": "Comptage Corrigé"}, ("import_power_avg", 100.0, "corrige", 0)),
]


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*rest, id=why) for why, *rest in SUBJECTS])
def test_the_first_lines_of_a_block_say_what_its_values_are(change: dict[str, str], expected: tuple[object]) -> None:
    content = read_text(block([row(30), row(60)], **change))
    assert told(content, "quantity", "value", "nature", "quality") == [expected] * 2


BLOCKS_NOT_TAKEN = [
    ("reactive", {"physical": "Energie réactive"}, 4, "'Energie réactive': reactive energy is not taken (2 lines)"),
    (
        "maximum",
        {"physical": "Puissance maximale"},
        4,
        "'Puissance maximale': maximum power is not taken: it is no energy (2 lines)",
    ),
    ("daily", {"about": "Consommation quotidienne"}, 1, f"'consommation quotidienne': {DAILY} (2 lines)"),
    ("VA", {"unit": "VA"}, 4, "the unit 'VA' is not W, kW, Wh or kWh (2 lines)"),
    ("neither flow", {"flow": "Autre"}, 4, "'Autre' is neither consumption nor production (2 lines)"),
    ("unknown stage", {"stage": "Simulé"}, 4, "the stage 'Simulé' is not known: it is no reading (2 lines)"),
    ("a spreadsheet's number", {"prm": "1,23457E+13"}, 4, f"{DAMAGED_POINT.format('1,23457E+13')} (2 lines)"),
]


@pytest.mark.parametrize(("change", "line", "reason"), [pytest.param(*rest, id=why) for why, *rest in BLOCKS_NOT_TAKEN])
def test_a_block_that_is_not_taken_is_one_sentence_and_the_next_is_read(
    change: dict[str, str], line: int, reason: str
) -> None:
    content = read_text(block([row(30), row(60)], **change) + block([row(30), row(60)], prm="00000000000009"))
    assert reasons(content) == [(line, reason)]
    assert set(content.readings["point"]) == {"00000000000009"}
    assert content.counts.refused + content.counts.left_out == content.counts.kept == 2


LINES_NOT_TAKEN = [
    ("no time", "5 janvier;100", "the stamp '5 janvier' is no time with its offset"),
    ("no such day", "2026-02-30T00:30:00Z;1", "the stamp '2026-02-30T00:30:00Z' is no time with its offset"),
    ("naive", "2026-01-05T01:30:00;1", "the stamp '2026-01-05T01:30:00' is no time with its offset"),
    ("another century", "1970-01-01T00:30:00+00:00;1", "the time '1970-01-01 00:30:00' is not between 2000 and 2100"),
    ("no number", row(90, "n/a"), "the value 'n/a' is not a number"),
    ("infinite", row(90, "inf"), "the value 'inf' is not a number"),
    ("a sign, where flows have none", row(90, "-5"), "the value '-5' is negative"),
    ("beyond any meter", row(90, "1e300"), "no meter counts as far as '1e300'"),
]


@pytest.mark.parametrize(("line", "reason"), [pytest.param(*rest, id=why) for why, *rest in LINES_NOT_TAKEN])
def test_a_bad_line_is_told_with_its_number_and_the_rest_is_read(line: str, reason: str) -> None:
    content = read_text(block([row(30), line, row(60), row(90, 7)]))
    assert reasons(content) == [(5, reason)]
    assert content.counts.kept == 3


def test_of_two_lines_of_one_instant_the_last_counts_and_a_gap_does_not() -> None:
    content = read_text(block([row(30, 1), row(60, 2), row(30, 3), row(30, ""), row(90, 4)]))
    assert told(content, "line", "value") == [(6, 3.0), (5, 2.0), (8, 4.0)]
    assert (content.counts.repeated, content.counts.empty) == (1, 1)


def test_a_corrected_block_counts_wherever_it_stands() -> None:
    raw, corrected = block([row(30, 1), row(60, 2)]), block([row(60, 5), row(90, 6)], stage="Comptage Corrigé")
    for text in (raw + corrected, corrected + raw):
        assert told(read_text(text), "value", "nature") == [(1.0, "brut"), (5.0, "corrige"), (6.0, "corrige")]


def test_points_follow_one_another_each_in_the_order_of_time() -> None:
    year = 365 * 24 * 60
    rows = [row(30, 1), row(60, 2), row(year, 3), row(year + 30, 4)]
    content = read_text(block(rows, prm="2") + block(rows[::-1], prm="1"))
    assert told(content, "point", "value") == [(f"0000000000000{point}", n) for point in (1, 2) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("change", "why"),
    [((";", "\t"), "tabs"), (("Identifiant PRM", "IDENTIFIANT PRM"), "capitals"), ((";", ";\u00a0"), "hard spaces")],
)
def test_what_spreadsheets_do_to_the_lines_of_a_block(change: tuple[str, str], why: str) -> None:
    text = (block([row(30, 5), row(60, 6)]) + block([row(30, 7), row(60, 8)], prm="2")).replace(*change)
    content = read_text(text)
    assert (told(content, "line", "value"), reasons(content)) == ([(4, 5.0), (5, 6.0), (9, 7.0), (10, 8.0)], []), why


def test_leading_zeros_that_a_spreadsheet_took_are_put_back() -> None:
    content = read_text(block([row(30), row(60)], prm="1"))
    assert set(content.readings["point"]) == {"00000000000001"}


def test_of_very_many_problems_a_thousand_are_listed_and_the_rest_counted() -> None:
    content = read_text(block([row(30), row(60), *["?;1"] * 1500]))
    assert len(content.problems) == 1001
    assert reasons(content)[-1] == ("the whole file", "500 more problems like these are not listed")
    assert content.counts.refused == 1500
