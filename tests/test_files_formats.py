"""What each format's own rules make of its lines, beside the load curve of the customer space and the clocks."""

import json
from typing import Any

import pytest

from energy.errors import InvalidInput
from ingest.files import FileOptions, read_file
from tests.file_examples import FOLDER, read_text, reasons, told

R63 = "Identifiant PRM;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;Valeur;Nature;Pas;"
R63 += "Indice de vraisemblance\n"


def r63(*, measured: str = "PA", stage: str = "BRUT", nature: str = "B", step: str = "PT30M", doubt: str = "0") -> str:
    return f"3;{measured};CONS;{stage};W;2026-01-05 01:00:00;5;{nature};{step};{doubt}\n"


R63_LINES = [
    ("raw", r63(), (14, 30), None),
    ("read by hand of the operator: no letter", r63(nature=""), (14, 30), None),
    ("estimated", r63(nature="E"), (8, 30), None),
    ("corrected value of a raw curve", r63(nature="C"), (0, 30), None),
    ("a letter nobody knows", r63(nature="Z"), (10, 30), None),
    ("hourly", r63(step="PT60M"), (14, 60), None),
    ("hourly, written otherwise", r63(step="PT1H"), (14, 60), None),
    ("five minutes", r63(step="PT5M"), (14, 5), None),
    ("filled by the operator", r63(stage="COMPLETE"), (8, 30), None),
    ("no index of plausibility", r63(doubt=""), (14, 30), None),
    ("unlikely", r63(doubt="1"), None, "the operator marks it unlikely (indice de vraisemblance '1')"),
    ("daily", r63(step="P1D"), None, "the step 'P1D' is not between PT5M and PT60M"),
    ("no step of clocks", r63(step="PT7M"), None, "the step 'PT7M' is not between PT5M and PT60M"),
    ("reactive", r63(measured="PRI"), None, "'PRI': reactive energy is not taken (1 line)"),
    ("maximum", r63(measured="PMA"), None, "'PMA': maximum power is not taken: it is no energy (1 line)"),
    ("voltage", r63(measured="U"), None, "'U': voltage is not taken (1 line)"),
    ("something new", r63(measured="XYZ"), None, "'XYZ' is not active energy (1 line)"),
]


@pytest.mark.parametrize(("line", "expected", "reason"), [pytest.param(*rest, id=why) for why, *rest in R63_LINES])
def test_a_line_of_r63(line: str, expected: tuple[int, int] | None, reason: str | None) -> None:
    content = read_text(R63 + line)
    assert told(content, "quality", "step_min") == ([] if expected is None else [expected])
    assert reasons(content) == ([] if reason is None else [(2, reason)])


STAMPS = [
    ("as it is handed out", "2026-01-05 01:00:00"),
    ("as a French spreadsheet writes it again", "05/01/2026 01:00"),
    ("with its offset", "2026-01-05T01:00:00+01:00"),
    ("in UTC", "2026-01-05T00:00:00Z"),
]


@pytest.mark.parametrize("stamp", [pytest.param(stamp, id=why) for why, stamp in STAMPS])
def test_a_stamp_of_r63_is_one_instant_however_it_is_written(stamp: str) -> None:
    content = read_text(R63 + r63().replace("2026-01-05 01:00:00", stamp))
    assert (told(content, "at", "step_min"), reasons(content)) == ([("01-04 23:30", 30)], [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_headers_are_the_same_in_every_encoding_with_and_without_accents(encoding: str) -> None:
    mark = "\ufeff" if encoding.startswith(("utf-16", "utf-32")) else ""
    for text in (
        R63 + r63(),
        R63.replace("é", "e").upper() + r63(),
        '"' + R63.strip().replace(";", '";"') + '"\n' + r63(),
    ):
        content = read_file((mark + text).encode(encoding), "a file")
        assert told(content, "point", "at", "value") == [("00000000000003", "01-04 23:30", 5.0)]


def test_utf_16_without_its_mark_is_known_by_its_zeros() -> None:
    assert read_file((R63 + r63()).encode("utf-16-le"), "a file").counts.kept == 1


def test_a_file_cut_within_an_accent_is_still_utf_8() -> None:
    content = read_file((R63 + r63() + "4;PA;CONS;é").encode()[:-1], "a file")
    assert content.counts.kept == 1


def test_of_several_natures_of_one_instant_the_best_counts_in_any_order() -> None:
    stages = ["BRUT", "CORRIGE", "COMPLETE"]
    for turn in range(3):
        content = read_text(R63 + "".join(r63(stage=stage) for stage in stages[turn:] + stages[:turn]))
        assert told(content, "nature") == [("corrige",)]
        assert content.counts.repeated == 2


def test_a_needed_column_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidInput, match="the column 'unite' is missing"):
        read_text("Identifiant PRM;Grandeur physique;Grandeur metier;Etape metier;Horodate;Valeur;Pas\n")


INDEX = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite\n"
)
INDEX += "1;Index;01/01/2026;03/01/2026;Energie active;{flow};Comptage Brut;{unit}\n"


def index(header: str, *rows: str, flow: str = "Consommation", unit: str = "Wh") -> str:
    lines = [f"2026-01-0{n}T00:00:00+01:00;Arrêté quotidien;{row}\n" for n, row in enumerate(rows, 1)]
    return INDEX.format(flow=flow, unit=unit) + f"Horodate;Type de releve;{header}\n" + "".join(lines)


ALONE = "no register of the total (or of the grid used elsewhere in the file) stands beside {!r}"
INDEXES = [
    ("the total alone", index("EAS F1;EAS D1;EAS D2;EAS T", "5;2;3;5"), [("import_energy", "", 5.0)], []),
    (
        "the distributor's, for want of a total",
        index("EAS F1;EAS D1;EAS D2", "5;2;3"),
        [("import_energy", "D1", 2.0), ("import_energy", "D2", 3.0)],
        [],
    ),
    (
        "the supplier's, for want of others",
        index("EAS F1;EAS F10;EAS D1;EAS T", "5;2;;"),
        [("import_energy", "F1", 5.0), ("import_energy", "F10", 2.0)],
        [],
    ),
    (
        "where the total fails once, others do not stand in",
        index("EAS F1;EAS T", "5;5", "6;"),
        [("import_energy", "", 5.0)],
        [(5, ALONE.format("F1"))],
    ),
    ("kWh", index("EAS T", "24482,581", unit="kWh"), [("import_energy", "", 24482581.0)], []),
    (
        "injection beside withdrawal",
        index("EAS T;EAI T", "5;7"),
        [("export_energy", "", 7.0), ("import_energy", "", 5.0)],
        [],
    ),
    (
        "a column of reactive energy",
        index("EAS T;ERQ1", "5;7"),
        [("import_energy", "", 5.0)],
        [(3, "the column 'erq1' is no register of active energy (1 line)")],
    ),
    ("watts are no register", index("EAS T", "5", unit="W"), [], [(4, "the unit 'W' is not Wh or kWh (1 line)")]),
    (
        "the calendars after the table are no errors",
        index("EAS T", "5") + "Periode;Identifiant calendrier\nDu 2026 au;AA0\n",
        [("import_energy", "", 5.0)],
        [],
    ),
    (
        "after them a block may follow",
        index("EAS T", "5") + "Période;x\n" + index("EAI T", "6", flow="Production"),
        [("export_energy", "", 6.0), ("import_energy", "", 5.0)],
        [],
    ),
]


@pytest.mark.parametrize(("text", "expected", "problems"), [pytest.param(*rest, id=why) for why, *rest in INDEXES])
def test_an_index_is_the_total_or_one_grid(text: str, expected: list[Any], problems: list[Any]) -> None:
    content = read_text(text)
    assert told(content, "quantity", "tariff", "value") == expected
    assert reasons(content) == problems


def r64(values: list[Any], cadran: str = "IDX_EAS_D2", **more: Any) -> dict[str, Any]:
    band = {"codeCadran": cadran, "valeur": values}
    size = {"grandeurMetier": "CONS", "grandeurPhysique": "EA", "unite": "Wh", **more}
    size = {**size, "calendrier": [{"classeTemporelle": [band]}]}
    context = [{"etapeMetier": "BRUT", "grandeur": [size]}]
    return {"header": {"codeFlux": "R64"}, "mesures": [{"idPrm": "00000000000001", "contexte": context}]}


VALUE = {"d": "2026-06-01 00:00:00", "v": 12, "iv": 0}
PLACE = "mesures[0].contexte[0].grandeur[0].calendrier[0].classeTemporelle[0].valeur[0]"
R64S = [
    ("a register at the start of the day in Paris", r64([VALUE]), [("D2", "05-31 22:00", 12.0)], []),
    (
        "the total beside it",
        r64([VALUE], cadranTotalisateur={"valeur": [{**VALUE, "v": 99}]}),
        [("", "05-31 22:00", 99.0)],
        [],
    ),
    ("unlikely", r64([{**VALUE, "iv": 1}]), [], [(PLACE, "the operator marks it unlikely (iv '1')")]),
    ("no register known", r64([VALUE], "IDX_X"), [], [(PLACE, "the register 'IDX_X' is not known")]),
    ("reactive", r64([VALUE], grandeurPhysique="ER"), [], [(PLACE, "'ER': reactive energy is not taken (1 line)")]),
    (
        "maximum",
        r64([VALUE], grandeurPhysique="PMA"),
        [],
        [(PLACE, "'PMA': maximum power is not taken: it is no energy (1 line)")],
    ),
    (
        "a stamp with its offset",
        r64([{**VALUE, "d": "2026-06-01T00:00:00+02:00"}]),
        [("D2", "05-31 22:00", 12.0)],
        [],
    ),
    ("a value of another shape", r64([{**VALUE, "v": [1]}]), [], []),
]


@pytest.mark.parametrize(("document", "expected", "problems"), [pytest.param(*rest, id=why) for why, *rest in R64S])
def test_r64(document: dict[str, Any], expected: list[Any], problems: list[Any]) -> None:
    content = read_text(json.dumps(document))
    assert told(content, "tariff", "at", "value") == expected
    assert reasons(content) == problems


CONNECT = json.loads((FOLDER / "enedis_data_connect" / "two_values.json").read_text())


def connect(flow: str = "import", unit: str = "W", aggregate: str = "average", **value: str | None) -> Any:
    reading = CONNECT["meter_reading"]
    values = [{**reading["interval_reading"][0], **value}]
    kind = {"measurement_kind": "power", "unit": unit, "aggregate": aggregate}
    document = {"meter_reading": {**reading, "reading_type": kind, "interval_reading": values}}
    return read_file(
        json.dumps(document).encode(), "connect.json", FileOptions(flow="export" if flow == "export" else "import")
    )


def test_data_connect_means_end_at_their_date_and_need_a_flow() -> None:
    assert told(connect(), "quantity", "at", "step_min", "value") == [("import_power_avg", "01-04 23:00", 30, 540.0)]
    assert told(connect("export", interval_length="PT10M"), "quantity", "at") == [("export_power_avg", "01-04 23:20")]
    with pytest.raises(InvalidInput, match=r"connect.json does not say whether it is consumption or production"):
        read_file(json.dumps(CONNECT).encode(), "connect.json")


def test_data_connect_days_and_maxima_are_told() -> None:
    daily = connect(unit="Wh", date="2026-01-05", interval_length=None)
    assert "daily energies are not taken" in reasons(daily)[0][1]
    maximum = connect(unit="VA", aggregate="maximum")
    assert "maximum power is not taken" in reasons(maximum)[0][1]
    assert daily.counts.left_out == maximum.counts.left_out == 1


R50 = "<R50>{header}<PRM><Id_PRM>1</Id_PRM><Donnees_Releve>\n{points}</Donnees_Releve></PRM></R50>"
IMPORT = FileOptions(flow="import")


def pdc(time: str, value: str = "540", doubt: str = "0") -> str:
    return f"<PDC><H>2026-01-05T{time}:00+01:00</H><V>{value}</V><IV>{doubt}</IV></PDC>\n"


def test_r50_stamps_are_ends_and_lines_are_known() -> None:
    points = pdc("00:30") + pdc("01:00", "") + pdc("01:30", "7", "1") + pdc("02:00") + pdc("02:30", "x") + pdc("03:00")
    content = read_text(R50.format(header="", points=points), IMPORT)
    assert told(content, "line", "at") == [(2, "01-04 23:00"), (5, "01-05 00:30"), (7, "01-05 01:30")]
    assert reasons(content) == [(4, "the operator marks it unlikely (IV '1')"), (6, "the value 'x' is not a number")]
    assert content.counts.empty == 1


def test_r50_of_production_is_said_by_an_option_and_a_lonely_value_has_the_published_step() -> None:
    header = "<En_Tete_Flux><Pas_Publication>30</Pas_Publication></En_Tete_Flux>"
    content = read_text(R50.format(header=header, points=pdc("00:30")), FileOptions(flow="export"))
    assert told(content, "quantity", "step_min") == [("export_power_avg", 30)]
    with pytest.raises(InvalidInput, match="say it with --flow import or --flow export"):
        read_text(R50.format(header=header, points=pdc("00:30")))


def test_r50_that_breaks_off_gives_what_came_before_and_says_where() -> None:
    content = read_text(R50.format(header="", points=pdc("00:30") + pdc("01:00") + "<PDC><H>"), IMPORT)
    assert content.counts.kept == 2
    assert [line for line, _ in reasons(content)] == [4]


@pytest.mark.parametrize("declaration", ['<!ENTITY a "b">', '<!ENTITY a SYSTEM "file:///etc/hostname">', ""])
def test_r50_with_a_document_type_is_refused_before_anything_expands(declaration: str) -> None:
    text = f"<!DOCTYPE R50 [{declaration}]>" + R50.format(header="", points=pdc("00:30", "&a;"))
    with pytest.raises(InvalidInput, match="declares a document type"):
        read_text(text, IMPORT)


def test_blank_lines_before_the_header_are_counted() -> None:
    content = read_text("\n\n" + R63 + r63() + r63(doubt="1"))
    assert told(content, "line") == [(4,)]
    assert [line for line, _ in reasons(content)] == [5]
