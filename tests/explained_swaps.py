"""What is said of replaced meters, scene by scene: those that fit, those that do not, tariffs, and kept time."""

from dataclasses import replace
from typing import Final

from processing.explain_registers import Known
from tests.explained import STEADY, VALID, known, recorded
from tests.test_intervals import after, readings, route

SWAPPED: Final = [route(1, until=40), route(2, since=40)]
TARIFFS: Final = [
    route(1, tariff="HC", until=40), route(4, tariff="HP", until=40), route(3, tariff="HC", since=40),
    route(5, tariff="HP", since=40),
]  # fmt: skip
"""Series 1 and 4 are of home-7, the others of home-9."""
OF_TWO: Final = known(readings(STEADY[:3], [(45, 25), (60, 75)]), SWAPPED)

SWAP_SCENES: Final[list[tuple[str, Known, int, list[str], list[str]]]] = [
    ("a recorded swap", known(readings(STEADY[:3], [(45, 25), (60, 75)]), SWAPPED, [(40, 1260, 5)]), 60,
        ["- At 13:40 the meter was replaced, as recorded: the old one, home-7, ended at 1.260 kWh, the new one,"
          " home-8, began at 0.005 kWh. The register goes on from one to the other.",
         "- 13:30 to 13:45: 0.080 kWh, measured by the register (quality 0, valid); the meter home-7 at 1.200 kWh,"
          " then the meter home-8 at 0.025 kWh.",
         "- 13:45 to 14:00: 0.050 kWh, measured by the register (quality 0, valid); the meter home-8 from 0.025 to"
          " 0.075 kWh."],
        ["- À 13 h 40, le compteur a été remplacé, comme enregistré : l’ancien, home-7, a fini à 1,260 kWh, le"
          " nouveau, home-8, a commencé à 0,005 kWh. L’index continue de l’un à l’autre.",
         "- de 13 h 30 à 13 h 45 : 0,080 kWh, mesuré par l’index (qualité 0, valide) ; le compteur home-7 à 1,200"
          " kWh, puis le compteur home-8 à 0,025 kWh.",
         "- de 13 h 45 à 14 h : 0,050 kWh, mesuré par l’index (qualité 0, valide) ; le compteur home-8 de 0,025 à"
          " 0,075 kWh."]),
    ("a swap on an edge", known(readings([*STEADY[:3], (45, 25), (60, 75)]), [route()], [(30, 1200, 5)]), 60,
        [f"- 13:15 to 13:30: 0.100 kWh, {VALID[0]}; the meter home-7 from 1.100 to 1.200 kWh.",
         f"- 13:30 to 13:45: 0.020 kWh, {VALID[0]}; the meter home-7 from 0.005 to 0.025 kWh."],
        [f"- de 13 h 30 à 13 h 45 : 0,020 kWh, {VALID[1]} ; le compteur home-7 de 0,005 à 0,025 kWh."]),
    ("a swap that does not fit", known(readings([*STEADY[:3], (45, 25), (60, 75)]), [route()], [(40, 1260, 40)]), 60,
        ["- At 13:40 the meter was replaced, as recorded, at 1.260 kWh by one at 0.040 kWh. These indexes do not fit"
          " the"
         " readings around them, and are left out."],
        ["- À 13 h 40, le compteur a été remplacé, comme enregistré, à 1,260 kWh par un autre à 0,040 kWh. Ces index"
          " ne s’accordent pas avec les relevés qui les entourent, et sont écartés."]),
    ("a swap nobody tells", known(readings(STEADY), [route(1, until=40)], [(40, 1260, 5)]), 60,
        ["- At 13:40 a replacement of the meter is recorded, from 1.260 to 0.005 kWh, but no device tells both"
          " registers:"
         " it does not count yet.", "- 13:45 to 14:00: missing, no device measured the point then."],
        ["- À 13 h 40, un remplacement du compteur est enregistré, de 1,260 à 0,005 kWh, mais aucun appareil ne"
          " donne les deux index : il ne compte pas encore.",
         "- de 13 h 45 à 14 h, manquant : aucun appareil ne mesurait alors le point."]),
    ("another device without a recorded swap",
        known(readings([*STEADY[:2], (28, 1200)], [(32, 5), (45, 55), (60, 105)]),
              [route(1, until=30), route(2, since=30)]), 60,
        ["- At 13:30 home-8 replaced home-7, and what both showed then is not recorded: what flowed between their"
          " readings is not counted. `hub swap` records it.",
         "- 13:15 to 13:30: missing, home-8 replaced home-7 then, and what both showed is not recorded."],
        ["- À 13 h 30, home-8 a remplacé home-7, et ce qu’affichaient les deux n’est pas enregistré : l’énergie passée"
          " entre leurs relevés n’est pas comptée. `hub swap` l’enregistre.",
         "- de 13 h 30 à 13 h 45, manquant : home-8 a alors remplacé home-7, et ce qu’affichaient les deux n’est pas"
          " enregistré."]),
    ("an old index in Wh", known(readings(STEADY[:3], [(45, 25), (60, 75)]), SWAPPED, [(40, 1_260_000_000, 5)]), 60,
        ["- Between 13:30 and 13:40 the meter home-7 rose from 1.200 to 1,260,000.000 kWh, more than can flow in"
          " that time: nothing is counted across it.",
         "- At 13:40 the meter was replaced, as recorded, at 1,260,000.000 kWh by one at 0.005 kWh. These indexes do"
          " not fit the readings around them: nothing is counted across. `hub swap` corrects them."],
        ["- Entre 13 h 30 et 13 h 40, le compteur home-7 est monté de 1,200 à 1 260 000,000 kWh, plus qu’il n’en"
          " peut passer dans ce temps : rien n’est compté entre les deux.",
         "- À 13 h 40, le compteur a été remplacé, comme enregistré, à 1 260 000,000 kWh par un autre à 0,005 kWh. Ces"
          " index ne s’accordent pas avec les relevés qui les entourent : rien n’est compté entre eux. `hub swap` les"
          " corrige."]),
    ("a new index far beyond", known(readings(STEADY[:3], [(45, 25), (60, 75)]), SWAPPED, [(40, 1260, 500_000)]), 60,
        ["- At 13:40 the meter was replaced, as recorded, at 1.260 kWh by one at 500.000 kWh. These indexes do not fit"
          " the readings around them: nothing is counted across. `hub swap` corrects them.",
         "- 13:30 to 13:45: missing, the register of home-7 was reset, or leapt, meanwhile."],
        ["- de 13 h 30 à 13 h 45, manquant : l’index de home-7 est reparti de zéro ou a bondi entre-temps."]),
    ("a swap within a gap of which nothing is counted",
        known(readings([(0, 1000), (15, 1100)], [(400, 900), (415, 950)]),
              [route(1, until=200), route(2, since=200)], [(200, 2000, 5)]), 415,
        ["- Between 13:15 and 16:20 the meter home-7 was not heard, and counted 0.900 kWh. No week around was measured"
          " in all of these hours: they stay missing.",
         "- At 16:20 the meter was replaced, as recorded: the old one, home-7, ended at 2.000 kWh, the new one, home-8,"
          " began at 0.005 kWh. The register goes on from one to the other."],
        ["- À 16 h 20, le compteur a été remplacé, comme enregistré : l’ancien, home-7, a fini à 2,000 kWh, le nouveau,"
          " home-8, a commencé à 0,005 kWh. L’index continue de l’un à l’autre."]),
    ("swaps of two tariffs, and one that nobody tells",
        known(readings(STEADY[:3], [], [(45, 25), (60, 75)], STEADY[:3], [(45, 25), (60, 75)]), TARIFFS,
              [(40, 1260, 5, "HC"), (40, 1270, 6, "HP"), (40, 9000, 7, "HX")]), 60,
        ["- At 13:40 the meter was replaced, as recorded for tariff HC: the old one, home-7, ended at 1.260 kWh, the"
          " new one, home-9, began at 0.005 kWh. The register goes on from one to the other.",
         "- At 13:40 the meter was replaced, as recorded for tariff HP: the old one, home-7, ended at 1.270 kWh, the"
          " new one, home-9, began at 0.006 kWh. The register goes on from one to the other.",
         "- At 13:40 a replacement of the meter is recorded for tariff HX, from 9.000 to 0.007 kWh, but no device tells"
          " both registers: it does not count yet."],
        ["- À 13 h 40, le compteur a été remplacé, comme enregistré pour le poste HC : l’ancien, home-7, a fini à 1,260"
          " kWh, le nouveau, home-9, a commencé à 0,005 kWh. L’index continue de l’un à l’autre.",
         "- À 13 h 40, un remplacement du compteur est enregistré pour le poste HX, de 9,000 à 0,007 kWh, mais aucun"
          " appareil ne donne les deux index : il ne compte pas encore."]),
    ("two tariffs of another device without recorded swaps",
        known(readings(STEADY[:3], [], [(45, 25), (60, 75)], STEADY[:3], [(45, 25), (60, 75)]), TARIFFS), 60,
        ["- At 13:40 home-9 replaced home-7, and what both showed then for tariff HC is not recorded: what flowed"
          " between their readings is not counted. `hub swap` records it."],
        ["- À 13 h 40, home-9 a remplacé home-7, et ce qu’affichaient les deux pour le poste HP n’est pas enregistré :"
          " l’énergie passée entre leurs relevés n’est pas comptée. `hub swap` l’enregistre."]),
    ("a swap of a time that is kept as it is",
        replace(OF_TWO, swaps=recorded([(40, 1260, 5)]), frozen_before=after(60)), 60,
        ["- At 13:40 a replacement of the meter is recorded, from 1.260 to 0.005 kWh. What was computed of that time is"
          " kept as it is.",
         "- 13:30 to 13:45: missing, what was computed of that time is kept as it is."],
        ["- À 13 h 40, un remplacement du compteur est enregistré, de 1,260 à 0,005 kWh. Ce qui a été calculé de ce"
          " temps-là est conservé tel quel.",
         "- de 13 h 30 à 13 h 45, manquant : ce qui a été calculé de ce temps-là est conservé tel quel."]),
]  # fmt: skip
