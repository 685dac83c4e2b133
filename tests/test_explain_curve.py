"""From a file of the operator through import to `hub explain`: the values behind each quarter-hour are told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import pytest

from store.connect import connect
from tests.hub_command import call_hub
from tests.metering import append, apply, process, register

PRM: Final = "00000000000001"
TERRITORY: Final = f"""
community = [{{ id = "valley", name = "Valley", place = "Here" }}]
holder = [{{ id = "someone" }}]
[[point]]
id = "{PRM}"
holder = "someone"
name = "P"
category = "home"
community = "valley"
device = [{{ id = "home-7", to = 2026-01-05T09:30:00Z }}]
"""
HEAD: Final = (
    "Identifiant PRM;Date de début;Date de fin;Grandeur physique;Grandeur métier;Etape métier;Unité;Horodate;Valeur;"
    "Nature;Pas;Indice de vraisemblance;Etat complémentaire"
)
R63: Final = [
    HEAD,
    f"{PRM};2026-01-05 00:00:00;2026-01-06 00:00:00;PA;CONS;BRUT;W;2026-01-05 10:30:00;692;B;PT30M;0;0",
    f"{PRM};2026-01-05 00:00:00;2026-01-06 00:00:00;PA;CONS;BRUT;W;2026-01-05 11:00:00;1284;B;PT30M;0;0",
]
CORRECTED: Final = [
    HEAD,
    f"{PRM};2026-01-05 00:00:00;2026-01-06 00:00:00;PA;CONS;CORRIGE;W;2026-01-05 11:00:00;1300;B;PT30M;0;0",
]
SPAN: Final = ("2026-01-05T10:00", "2026-01-05T11:15")
AT_TEN: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def imported(migrated_url: str, tmp_path: Path) -> Iterator[tuple[str, psycopg.Connection]]:
    """A point with half an hour of a register and two files of the operator, imported and not yet computed."""
    with connect(migrated_url) as connection:
        apply(connection, TERRITORY)
        append(connection, register("home-7", [1000, 1180, 1360], AT_TEN))
        for name, lines in (("january.csv", R63), ("corrected.csv", CORRECTED)):
            file = tmp_path / name
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            code, _, problems = call_hub("import", "enedis", str(file), settings={"HUB_DATABASE_URL": migrated_url})
            assert (code, problems) == (0, "")
        yield migrated_url, connection


def explained(url: str, *words: str) -> str:
    code, out, problems = call_hub("explain", PRM, *SPAN, *words, settings={"HUB_DATABASE_URL": url})
    assert (code, problems) == (0, ""), problems
    return out.replace("\u00a0", " ").replace("\u202f", " ")


def test_what_a_file_says_is_told_in_both_languages(imported: tuple[str, psycopg.Connection]) -> None:
    url, _ = imported
    process(url)
    half = "half-hours of the operator, divided (quality 0, valid); mean power of"
    meter = "the device says 0.180 kWh; the meter home-7 from"
    assert explained(url).splitlines() == [
        f"{PRM}, energy withdrawn, on Monday 5 January 2026, from 10:00 to 11:15: 0.996 kWh.",
        "Of 5 quarter-hours: 4 measured, 1 missing (which is not zero).",
        "The operator's curve counts, as it always does where there is one.",
        "The curve comes from the files january.csv and corrected.csv.",
        "Where both are known, the operator says 0.346 kWh and the device 0.360 kWh.",
        "",
        "No reading of the devices was left out.",
        "",
        "Quarter-hours:",
        f"- 10:00 to 10:15: 0.173 kWh, {half} 692 W in steps of 30 minutes, as metered; {meter} 1.000 to 1.180 kWh.",
        f"- 10:15 to 10:30: 0.173 kWh, {half} 692 W in steps of 30 minutes, as metered; {meter} 1.180 to 1.360 kWh.",
        f"- 10:30 to 10:45: 0.325 kWh, {half} 1,300 W in steps of 30 minutes, corrected.",
        f"- 10:45 to 11:00: 0.325 kWh, {half} 1,300 W in steps of 30 minutes, corrected.",
        "- 11:00 to 11:15: missing, no device measured the point then.",
    ]
    french = explained(url, "--lang", "fr").splitlines()
    assert french[3] == "La courbe vient des fichiers january.csv et corrected.csv."
    assert french[6] == "Aucun relevé des appareils n’a été écarté."
    assert french[-2] == (
        "- de 10 h 45 à 11 h : 0,325 kWh, demi-heures du gestionnaire, divisées (qualité 0, valide) ;"
        " puissance moyenne de 1 300 W par pas de 30 minutes, corrigée."
    )


def test_json_has_the_values_and_their_files(imported: tuple[str, psycopg.Connection]) -> None:
    url, _ = imported
    process(url)
    (flow,) = json.loads(explained(url, "--json"))["flows"]
    half_hour = {"step_min": 30, "mean_w": 692.0, "nature": "metered", "file": "january.csv"}
    corrected = {"step_min": 30, "mean_w": 1300.0, "nature": "corrected", "file": "corrected.csv"}
    assert [quarter["curve"] for quarter in flow["quarters"]] == [
        *[[{"start": "2026-01-05T09:00:00Z", **half_hour}]] * 2,
        *[[{"start": "2026-01-05T09:30:00Z", **corrected}]] * 2,
        [],
    ]


def test_what_is_imported_and_not_computed_yet_is_said(imported: tuple[str, psycopg.Connection]) -> None:
    """Neither is the point said to be without a device then, nor the stored energy to be what the file says."""
    url, connection = imported
    assert explained(url).splitlines()[-3:] == [
        "- 10:00 to 10:30: missing, it waits to be computed.",
        "- 10:30 to 11:00: missing, it waits to be computed.",
        "- 11:00 to 11:15: missing, no device measured the point then.",
    ]
    process(url)
    connection.execute("UPDATE interval SET energy_wh = 7 WHERE source = 'operator' AND start = %s", [AT_TEN])
    said = explained(url).splitlines()
    assert said[5].startswith("What readings give now is not what is stored for 1 quarter-hour:")
    assert said[10] == (
        "- 10:00 to 10:15: 0.007 kWh, half-hours of the operator, divided (quality 0, valid); the device says 0.180"
        " kWh; not what the readings give now."
    )
