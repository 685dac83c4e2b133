"""What happens to a point, scene by scene, with the sentences that are said of it in both languages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import polars as pl

from energy.frames import CURVES, ROUTES, SWAPS, UTC_TIME
from energy.time import PARIS, Span
from hub.explain_text import Teller
from hub.explain_words import Words
from processing.curves import intervals_from_curves
from processing.explain import explain
from processing.explain_registers import Known
from processing.intervals import intervals_from_registers
from tests.test_intervals import after, readings, route

Swap: TypeAlias = tuple[float, int, int] | tuple[float, int, int, str]
"""Minutes after noon, index of the old register, of the new one [Wh]; and the tariff, where it is of one."""
NOON: Final = after(0)  # 13:00 in Paris
UNUSED: Final = {"series_no": pl.Int32, "at": UTC_TIME}
NAMES: Final = {1: "home-7", 2: "home-8", 3: "home-9", 4: "home-7", 5: "home-9"}


def known(
    told: pl.DataFrame,
    routes: Sequence[tuple[object, ...]],
    swaps: Sequence[Swap] = (),
    operator: Sequence[tuple[float, int]] = (),
    operator_quality: int = 14,
    zeros: Sequence[float] = (),
    set_back: Sequence[float] = (),
) -> Known:
    """What is known of point 1, whose stored intervals are what its readings give."""
    routed = pl.DataFrame(list(routes), schema=ROUTES, orient="row")
    swapped = recorded(swaps)
    made = intervals_from_registers(told, routed, swapped).filter(point_no=1)
    file = "january\x1b.csv"
    values = [(1, "import", after(at), 15, 0, wh * 4.0, operator_quality, file) for at, wh in operator]
    curves = pl.DataFrame(values, schema={**CURVES, "file": pl.String}, orient="row")
    return Known(
        readings=told,
        routes=routed,
        swaps=swapped,
        reference=made.filter(quality=0),
        stored=pl.concat([
            made.with_columns(source=pl.lit("device")),
            intervals_from_curves(curves.drop("file")).with_columns(source=pl.lit("operator")),
        ]),
        outages=pl.DataFrame([(1, after(at)) for at in zeros], schema=UNUSED, orient="row"),
        set_back=pl.DataFrame([(1, after(at)) for at in set_back], schema=UNUSED, orient="row"),
        curves=curves,
        devices=NAMES,
    )  # fmt: skip


def recorded(swaps: Sequence[Swap]) -> pl.DataFrame:
    """SWAPS of what point 1 withdraws."""
    rows = [(1, "import", "".join(tariff), after(at), old_wh, new_wh) for at, old_wh, new_wh, *tariff in swaps]
    return pl.DataFrame(rows, schema=SWAPS, orient="row")


def told(of: Known, minutes: int, language: str) -> list[str]:
    """What is said of the point from noon on, with ordinary spaces."""
    span = Span(NOON, after(minutes))
    lines = Teller("home", span, PARIS, Words(language)).tell(explain(of, span))
    return [line.replace("\u00a0", " ").replace("\u202f", " ") for line in lines]


WEEK: Final = 7 * 24 * 60
STEADY: Final = [(15 * i, 1000 + 100 * i) for i in range(5)]
LAST_WEEK: Final = [(15 * i - WEEK, 10 * i) for i in range(24)]
GAP: Final = [(at, 1000 + 6 * at) for at in range(0, 421, 15) if not 180 < at < 285]
POWER: Final = (1, 1, "import", "", None, after(-60), after(600), "power")
VALID: Final = ("measured by the register (quality 0, valid)", "mesuré par l’index (qualité 0, valide)")

GUIDE: Final = known(
    readings([(-2, 1_234_000), (7, 1_180_000), (10, 1_234_064), (22, 1_234_128), (34, 1_234_192), (118, 1_234_600)]),
    [route()],
)
"""The example of docs/cli.md, until 13:45 in Paris."""

SCENES: list[tuple[str, Known, int, list[str], list[str]]] = [
    ("plain", known(readings([(-2, 980), (10, 1100), (20, 1200), (32, 1320)]), [route()]), 30,
        ["home, energy withdrawn, on Saturday 14 March 2026, from 13:00 to 13:30: 0.300 kWh.",
         "All 2 quarter-hours are measured.",
         "No curve of the operator is known for this span: the device's figures are used.",
         "No reading of the devices was left out.",
         "- 13:00 to 13:15: 0.150 kWh, measured by the register (quality 0, valid); the meter home-7 from 1.000 to"
          " 1.150 kWh; readings at most 12 minutes apart."],
        ["home, énergie soutirée, le samedi 14 mars 2026, de 13 h à 13 h 30 : 0,300 kWh.",
         "Les 2 quarts d’heure sont tous mesurés.",
         "Aucune courbe du gestionnaire n’est connue pour cette période : ce sont les mesures de l’appareil qui"
          " valent.",
         "Aucun relevé des appareils n’a été écarté.",
         "- de 13 h à 13 h 15 : 0,150 kWh, mesuré par l’index (qualité 0, valide) ; le compteur home-7 de 1,000 à"
          " 1,150 kWh ; relevés à 12 minutes d’écart au plus."]),
    ("a glitch", known(readings([*STEADY[:2], (20, 5), *STEADY[2:]]), [route()]), 30,
        ["- At 13:20 the meter home-7 showed 0.005 kWh, less than the 1.100 kWh before, then went on as before: this"
          " reading is left out."],
        ["- À 13 h 20, le compteur home-7 a affiché 0,005 kWh, moins que les 1,100 kWh d’avant, puis a repris son"
          " cours : ce relevé est écarté."]),
    ("a leap and back", known(readings([*STEADY[:2], (20, 53_700_000), *STEADY[2:]]), [route()]), 30,
        ["- At 13:20 the meter home-7 showed 53,700.000 kWh, which does not fit the 1.100 kWh before, then went on"
          " as before: this reading is left out."],
        ["- À 13 h 20, le compteur home-7 a affiché 53 700,000 kWh, ce qui ne s’accorde pas avec les 1,100 kWh"
          " d’avant, puis a repris son cours : ce relevé est écarté."]),
    ("the last reading falls", known(readings([*STEADY, (61, 3)]), [route()]), 75,
        ["- At 14:01 the meter home-7 showed 0.003 kWh after 1.400 kWh, which does not fit: this reading is left out"
          " until the next ones tell.",
         "- 14:00 to 14:15: missing, no usable reading of home-7 follows."],
        ["- À 14 h 01, le compteur home-7 a affiché 0,003 kWh après 1,400 kWh, ce qui ne s’accorde pas : ce relevé"
          " est écarté tant que les suivants n’ont pas tranché.",
         "- de 14 h à 14 h 15, manquant : aucun relevé utilisable de home-7 ne suit."]),
    ("a clock set back", known(readings(STEADY), [route()], set_back=[16, 17, 18, 31]), 45,
        ["- Between 13:16 and 13:18 the meter home-7 told 3 readings for the second time, and more than it showed"
         " afterwards: its clock was set back, they are left out.",
         "- At 13:31 the meter home-7 told a reading for the second time, and more than it showed afterwards: its clock"
         " was set back, this reading is left out."],
        ["- Entre 13 h 16 et 13 h 18, le compteur home-7 a transmis 3 relevés pour la seconde fois, et plus élevés que"
         " les suivants : son horloge avait reculé, ils sont écartés.",
         "- À 13 h 31, le compteur home-7 a transmis un relevé pour la seconde fois, et plus élevé que les suivants :"
         " son horloge avait reculé, ce relevé est écarté."]),
    ("zeros of outages, those in a row together", known(readings(STEADY), [route()], zeros=[16, 17, 18, 31]), 45,
        ["- Between 13:16 and 13:18 the meter home-7 showed 0 in 3 readings although it had counted before: this is an"
         " outage, they are left out.",
         "- At 13:31 the meter home-7 showed 0 although it had counted before: this is an outage, the reading is left"
         " out."],
        ["- Entre 13 h 16 et 13 h 18, le compteur home-7 a affiché 0 dans 3 relevés alors qu’il avait déjà compté :"
          " c’est une coupure, ils sont écartés.",
         "- À 13 h 31, le compteur home-7 a affiché 0 alors qu’il avait déjà compté : c’est une coupure, le relevé"
          " est écarté."]),
    ("a reset", known(readings([*STEADY, (75, 10), (90, 20)]), [route()]), 90,
        ["Of 6 quarter-hours: 5 measured, 1 missing (which is not zero).",
         "- Between 14:00 and 14:15 the meter home-7 fell from 1.400 to 0.010 kWh and went on from there: it was"
          " reset or replaced. Nothing is counted across it; if the meter was replaced, `hub swap` records it.",
         "- 14:00 to 14:15: missing, the register of home-7 was reset, or leapt, meanwhile."],
        ["Sur 6 quarts d’heure : 5 mesurés, 1 manquant (ce n’est pas zéro).",
         "- Entre 14 h et 14 h 15, le compteur home-7 est tombé de 1,400 à 0,010 kWh et a continué de là : il a été"
          " remis à zéro ou remplacé. Rien n’est compté entre les deux ; si le compteur a été remplacé, `hub swap`"
          " l’enregistre.",
         "- de 14 h à 14 h 15, manquant : l’index de home-7 est reparti de zéro ou a bondi entre-temps."]),
    ("a rise beyond all", known(readings([*STEADY, (75, 900_000), (90, 900_010)]), [route()]), 90,
        ["- Between 14:00 and 14:15 the meter home-7 rose from 1.400 to 900.000 kWh, more than can flow in that time:"
         " nothing is counted across it."],
        ["- Entre 14 h et 14 h 15, le compteur home-7 est monté de 1,400 à 900,000 kWh, plus qu’il n’en peut"
          " passer dans"
         " ce temps : rien n’est compté entre les deux."]),
    ("a rollover before an edge", known(readings([(0, 99_999_900), (20, 100), (30, 300)]), [route()]), 30,
        ["- Between 13:00 and 13:20 the meter home-7 reached its last number and began again at zero, from"
          " 99,999.900 to"
         " 0.100 kWh: the 0.200 kWh are counted.",
         "- 13:00 to 13:15: 0.150 kWh, measured over a longer step, and divided (quality 0, valid); the meter home-7 at"
         " 99,999.900 kWh, then the meter home-7 at 0.050 kWh; readings at most 20 minutes apart."],
        ["- Entre 13 h et 13 h 20, le compteur home-7 a atteint son dernier nombre et repris à zéro, de 99 999,900 à"
         " 0,100 kWh : les 0,200 kWh sont comptés.",
         "- de 13 h à 13 h 15 : 0,150 kWh, mesuré sur un pas plus long, puis divisé (qualité 0, valide) ; le"
          " compteur"
         " home-7 à 99 999,900 kWh, puis le compteur home-7 à 0,050 kWh ; relevés à 20 minutes d’écart au plus."]),
    ("five hours by other weeks", known(readings([*LAST_WEEK, (0, 1000), (300, 1300)]), [route()]), 390,
        ["Of 26 quarter-hours: 0 measured, 20 estimated, 6 missing (which is not zero).",
         "- Between 13:00 and 18:00 the meter home-7 was not heard. It counted 0.300 kWh meanwhile; they are spread"
          " as in the same hours of the week before.",
         "- 13:00 to 18:00: 0.300 kWh, estimated by the shape of other weeks (quality 8, estimated); the meter"
          " home-7 from 1.000 to 1.300 kWh.",
         "- 18:00 to 19:30: missing, no usable reading of home-7 follows."],
        ["Sur 26 quarts d’heure : 0 mesuré, 20 estimés, 6 manquants (ce n’est pas zéro).",
         "- Entre 13 h et 18 h, le compteur home-7 n’a rien transmis. Il a compté 0,300 kWh entre-temps, répartis"
          " comme aux mêmes heures de la semaine précédente.",
         "- de 13 h à 18 h : 0,300 kWh, estimé à l’allure d’autres semaines (qualité 8, estimée) ; le compteur"
          " home-7 de 1,000 à 1,300 kWh."]),
    ("five hours in which nothing flowed in other weeks",
        known(readings([*[(at, 10) for at, _ in LAST_WEEK], (0, 1000), (300, 1300)]), [route()]), 15,
        ["- Between 13:00 and 18:00 the meter home-7 was not heard. In the same hours of the week before nothing"
          " flowed:"
         " the 0.300 kWh that it counted meanwhile are spread evenly, which is questionable.",
         "- 13:00 to 13:15: 0.015 kWh, spread evenly (quality 10, questionable); the meter home-7 from 1.000 to 1.015"
         " kWh."],
        ["- Entre 13 h et 18 h, le compteur home-7 n’a rien transmis. Aux mêmes heures de la semaine précédente,"
          " rien n’est passé : les 0,300 kWh qu’il a comptés entre-temps sont répartis uniformément, ce qui est"
          " douteux."]),
    ("five hours without weeks", known(readings([(0, 1000), (300, 1300), (315, 1320)]), [route()]), 315,
        ["- Between 13:00 and 18:00 the meter home-7 was not heard, and counted 0.300 kWh. No week around was"
          " measured in"
         " all of these hours: they stay missing.",
         "- 13:00 to 18:00: missing, home-7 was not heard for too long."],
        ["- Entre 13 h et 18 h, le compteur home-7 n’a rien transmis, et a compté 0,300 kWh. Aucune semaine voisine"
          " n’a été mesurée à toutes ces heures : elles restent manquantes.",
         "- de 13 h à 18 h, manquant : home-7 n’a rien transmis pendant trop longtemps."]),
    ("still for five hours", known(readings([(0, 1000), (300, 1000)]), [route()]), 15,
        ["- Between 13:00 and 18:00 the meter home-7 was not heard, and showed 1.000 kWh before and after: nothing"
         " flowed."],
        ["- Entre 13 h et 18 h, le compteur home-7 n’a rien transmis, et affichait 1,000 kWh avant comme après :"
          " rien n’est passé."]),
    ("heard every hour", known(readings([(0, 1000), (60, 1100), (120, 1300)]), [route()]), 75,
        ["- Between 13:00 and 15:00 the meter home-7 was heard rarely, 2 times more than half an hour apart. It"
          " counted 0.300 kWh; they are spread evenly between its readings.",
         "- 13:00 to 13:15: 0.025 kWh, spread evenly between two readings (quality 9, estimated); the meter home-7"
          " from 1.000 to 1.025 kWh; readings at most 60 minutes apart."],
        ["- Entre 13 h et 15 h, le compteur home-7 a transmis rarement, 2 fois à plus d’une demi-heure d’écart. Il a"
          " compté 0,300 kWh, répartis régulièrement entre ses relevés."]),
    ("power only", known(readings([(0, 400), (10, 400), (20, 400), (30, 400), (60, 400)]), [POWER]), 60,
        ["Of 4 quarter-hours: 0 measured, 3 computed from power, 1 missing (which is not zero).",
         "- 13:00 to 13:15: 0.100 kWh, computed from power (quality 9, estimated).",
         "- 13:45 to 14:00: missing, the power of home-7 was not heard often enough."],
        ["Sur 4 quarts d’heure : 0 mesuré, 3 calculés d’après la puissance, 1 manquant (ce n’est pas zéro).",
         "- de 13 h 45 à 14 h, manquant : la puissance de home-7 n’a pas été relevée assez souvent."]),
    ("a power that stands still", known(readings([(5 * i, 400) for i in range(37)]), [POWER]), 195,
        ["Of 13 quarter-hours: 0 measured, 12 questionable, 1 missing (which is not zero).",
         "- 13:00 to 13:15: 0.100 kWh, computed from power (quality 10, questionable: the power did not change for 3"
          " hours or longer)."],
        ["Sur 13 quarts d’heure : 0 mesuré, 12 douteux, 1 manquant (ce n’est pas zéro).",
         "- de 13 h à 13 h 15 : 0,100 kWh, calculé d’après la puissance (qualité 10, douteuse : la puissance n’a pas"
          " changé pendant 3 heures ou plus)."]),
    ("values of an unknown status", known(readings(), [], operator=[(0, 90)], operator_quality=10), 15,
        ["Of 1 quarter-hour: 0 measured, 1 questionable.",
         "- 13:00 to 13:15: 0.090 kWh, the operator's curve (quality 10, questionable: the operator's status of it is"
          " not known); mean power of 360 W in steps of 15 minutes, as metered."],
        ["- de 13 h à 13 h 15 : 0,090 kWh, courbe du gestionnaire (qualité 10, douteuse : l’état que lui donne le"
          " gestionnaire n’est pas connu) ; puissance moyenne de 360 W par pas de 15 minutes, brute."]),
    ("a time whose readings were removed",
        replace(known(readings(STEADY[:2]), [route()]), readings=readings(), frozen_before=after(45 + 31 * 24 * 60)),
        60,
        ["What was computed of 1 quarter-hour is kept as it is (`hub retention`): the readings that are left do not"
          " give it any more.",
         "- 13:00 to 13:15: 0.100 kWh, measured by the register (quality 0, valid); kept as it was computed.",
         "- 13:15 to 13:45: missing, the readings of that time were removed for their age.",
         "- 13:45 to 14:00: missing, no usable reading of home-7 comes before."],
        ["Pour 1 quart d’heure, ce qui a été calculé est conservé tel quel (`hub retention`) : les relevés qui restent"
          " ne le donnent plus.",
         "- de 13 h à 13 h 15 : 0,100 kWh, mesuré par l’index (qualité 0, valide) ; conservé tel qu’il a été calculé.",
         "- de 13 h 15 à 13 h 45, manquant : les relevés de ce temps-là ont été supprimés en raison de leur âge."]),
    ("a total register falls silent beside its tariffs",
        known(readings(STEADY[:2], [], [], STEADY), [route(1), route(4, tariff="HC")]), 45,
        ["- 13:15 to 13:45: missing, no usable reading of the total register of home-7 follows."],
        ["- de 13 h 15 à 13 h 45, manquant : aucun relevé utilisable de l’index total du compteur home-7 ne suit."]),
    ("a total register is reset beside its tariffs",
        known(readings([*STEADY[:2], (30, 1), (45, 2)], [], [], STEADY), [route(1), route(4, tariff="HC")]), 45,
        ["- 13:15 to 13:30: missing, the total register of home-7 was reset, or leapt, meanwhile."],
        ["- de 13 h 15 à 13 h 30, manquant : l’index total du compteur home-7 est reparti de zéro ou a bondi"
          " entre-temps."]),
    ("one of the tariffs of a device falls silent",
        known(readings(STEADY, [], [], STEADY[:2]), [route(1, tariff="HC"), route(4, tariff="HP")]), 45,
        ["- 13:15 to 13:45: missing, another register of the point, the HP register of home-7, was not heard."],
        ["- de 13 h 15 à 13 h 45, manquant : un autre index du point, l’index HP du compteur home-7, n’a rien"
          " transmis."]),
    ("the operator outranks", known(readings(STEADY), [route()], operator=[(0, 90), (15, 91)]), 60,
        ["home, energy withdrawn, on Saturday 14 March 2026, from 13:00 to 14:00: 0.381 kWh.",
         "The operator's curve counts in 2 quarter-hours, the device's figures in the others.",
         "Where both are known, the operator says 0.181 kWh and the device 0.200 kWh.",
         "- 13:00 to 13:15: 0.090 kWh, the operator's curve (quality 0, valid); mean power of 360 W in steps of 15"
          " minutes, as metered; the device says 0.100 kWh; the meter home-7 from 1.000 to 1.100 kWh."],
        ["La courbe du gestionnaire vaut pour 2 quarts d’heure, les mesures de l’appareil pour les autres.",
         "Là où les deux sont connus, le gestionnaire indique 0,181 kWh et l’appareil 0,200 kWh."]),
    ("only the operator", known(readings(), [], operator=[(0, 90), (15, 91)]), 30,
        ["The operator's curve counts, as it always does where there is one.",
         "The curve comes from the file january\\x1b.csv.",
         "- 13:15 to 13:30: 0.091 kWh, the operator's curve (quality 0, valid); mean power of 364 W in steps of 15"
         " minutes, as metered."],
        ["C’est la courbe du gestionnaire qui vaut, comme partout où il y en a une.",
         "La courbe vient du fichier january\\x1b.csv.",
         "- de 13 h 15 à 13 h 30 : 0,091 kWh, courbe du gestionnaire (qualité 0, valide) ; puissance moyenne de 364"
          " W par pas de 15 minutes, brute."]),
    ("a missing tariff", known(readings(STEADY, STEADY[:2]), [route(1, tariff="HC"), route(2, tariff="HP")]), 45,
        [f"- 13:00 to 13:15: 0.200 kWh, {VALID[0]}; the HC register of home-7 from 1.000 to 1.100 kWh; the HP"
          " register of"
         " home-8 from 1.000 to 1.100 kWh.",
         "- 13:15 to 13:45: missing, another register of the point, home-8, was not heard."],
        ["- de 13 h 15 à 13 h 45, manquant : un autre index du point, home-8, n’a rien transmis."]),
    ("heard later", known(readings([(30, 1), (45, 3)]), [route()]), 45,
        ["- 13:00 to 13:30: missing, no usable reading of home-7 comes before."],
        ["- de 13 h à 13 h 30, manquant : aucun relevé utilisable de home-7 ne précède."]),
    ("mapped later", known(readings(STEADY), [route(since=15)]), 30,
        ["- 13:00 to 13:15: missing, no device measured the point then."],
        ["- de 13 h à 13 h 15, manquant : aucun appareil ne mesurait alors le point."]),
    ("a gap beside the operator's curve",
        known(readings(GAP), [route()], operator=[(15 * i, 90) for i in range(28)]), 420,
        ["- 13:00 to 16:00: 1.080 kWh, the operator's curve (quality 0, valid); mean power of 360 W in steps of 15"
          " minutes, as metered; the device says 1.080 kWh; the meter home-7 from 1.000 to 2.080 kWh.",
         "- 16:00 to 17:45: 0.630 kWh, the operator's curve (quality 0, valid); mean power of 360 W in steps of 15"
          " minutes, as metered; the device says 0.630 kWh, spread evenly between two readings (quality 9, estimated);"
          " the meter home-7 from 2.080 to 2.710 kWh; readings at most 105 minutes apart."],
        ["- de 16 h à 17 h 45 : 0,630 kWh, courbe du gestionnaire (qualité 0, valide) ; puissance moyenne de 360 W par"
          " pas de 15 minutes, brute ; l’appareil indique 0,630 kWh, réparti régulièrement entre deux relevés (qualité"
          " 9, estimée) ; le compteur home-7 de 2,080 à 2,710 kWh ; relevés à 105 minutes d’écart au plus."]),
    ("last heard before", known(readings([(-60, 900), (-45, 1000)]), [route()]), 30,
        ["- 13:00 to 13:30: missing, no usable reading of home-7 follows; it was last heard on 14 March at 12:15."],
        ["- de 13 h à 13 h 30, manquant : aucun relevé utilisable de home-7 ne suit ; son dernier relevé est du 14"
          " mars à 12 h 15."]),
    ("nothing at all", known(readings(), []), 15,
        ["Nothing is known of home, on Saturday 14 March 2026, from 13:00 to 13:15."],
        ["On ne sait rien de home, le samedi 14 mars 2026, de 13 h à 13 h 15."]),
]  # fmt: skip
