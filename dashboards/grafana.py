"""The Grafana dashboard of a community, made from code. `grafana/community.json` is what this file renders."""

import json
from collections.abc import Sequence
from typing import Final

from dashboards.fields import (
    ABOUT,
    ABSENT,
    ALLOCATED,
    COMPLETENESS,
    CONSUMPTION,
    DAY,
    EQUITY,
    PRODUCTION,
    PROVISIONAL,
    QUALITIES,
    RATES,
    RESIDUAL,
    RESIDUALS,
    RESULTS,
    SETTLED,
    SURPLUS,
    VALUE,
)
from dashboards.panels import SOURCE, Box, Field, Json, bars, read_sql, stat, table, timeseries

TITLE: Final = "Enercommons - community"
UID: Final = "enercommons-community"
SCHEMA_VERSION: Final = 41
"""Version of Grafana's dashboard format; newer Grafanas read older versions."""

WHOLE_DAYS: Final = (
    "Whole local days, also those that the period only touches · "
    "Jours locaux entiers, même ceux que la période ne fait que toucher"
)
WHOLE_BINS: Final = (
    "Energy of each settlement step, or of each hour where the period is long; a gap means that nothing is known · "
    "Énergie de chaque pas de règlement, ou de chaque heure si la période est longue ; "
    "un vide signifie que rien n’est connu"
)
WHOLE_MONTHS: Final = (
    "Months that are over and that the period touches, furthest apart first: a meter that counts wrong is on top · "
    "Mois terminés que la période touche, les plus grands écarts d’abord : un compteur qui compte mal est en tête"
)
SETTLED_MONTHS: Final = (
    "Months that are over, that the operator settled and that the period touches, furthest apart first. Causes: meter: "
    "consumption or production itself differs; key: it agrees, and what was shared does not; others: it follows other "
    "points; hub_incomplete: the hub lacks some of the month; unclear: the operator does not tell consumption or "
    "production; unknown_to: one side does not know the point · "
    "Mois terminés, décomptés par le gestionnaire et que la période touche, les plus grands écarts d’abord. Causes : "
    "meter : la consommation ou la production diffère ; key : elle concorde, mais pas l’énergie partagée ; others : "
    "découle d’autres points ; hub_incomplete : il manque au hub une partie du mois ; unclear : le gestionnaire ne "
    "donne ni consommation ni production ; unknown_to : un côté ne connaît pas le point"
)
WORTH: Final = (
    "Months that are over and that the period touches; the last week touches one only in the first days of a month · "
    "Mois terminés que la période touche ; la dernière semaine n’en touche un qu’aux premiers jours d’un mois"
)
EVENLY: Final = (
    "Months, seasons and years that are over and that the period touches: all members, then categories and groups of "
    "three members or more · Mois, saisons et années terminés que la période touche : tous les membres, puis les "
    "catégories et groupes d’au moins trois membres"
)
SIMULATED: Final = (
    "Simulated communities hold no data of real people · "
    "Les communautés simulées ne contiennent aucune donnée de personnes réelles"
)


def community_dashboard() -> Json:
    """The dashboard in Grafana's own format, without an id, so that any Grafana takes it."""
    return {
        "uid": UID,
        "title": TITLE,
        "description": "Energy shared in a community · L’énergie partagée dans une communauté",
        "tags": ["enercommons"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "weekStart": "monday",
        "time": {"from": "now-7d", "to": "now"},
        "refresh": "5m",
        "annotations": {"list": []},
        "templating": {"list": [_community_variable()]},
        "links": [],
        "panels": [panel | {"id": number} for number, panel in enumerate(_panels(), start=1)],
    }


def render() -> str:
    """Canonical text of the dashboard: the content of grafana/community.json."""
    return json.dumps(community_dashboard(), indent=2, ensure_ascii=False) + "\n"


def _community_variable() -> Json:
    # Several values at once, so that Grafana quotes each of them: a single plain value would be inserted unquoted.
    sql = read_sql("communities")
    return {
        "type": "query",
        "name": "community",
        "label": "Community · Communauté",
        "datasource": SOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 1,
        "sort": 0,
        "multi": True,
        "includeAll": True,
        "allowCustomValue": False,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _panels() -> list[Json]:
    period, days = read_sql("period"), read_sql("days")
    energies = (CONSUMPTION, PRODUCTION, ALLOCATED, RESIDUAL, SURPLUS)
    return [
        stat("Energy of the period · Énergie de la période", period, Box(0, 0, 12, 5), energies),
        stat("Rates of the period · Taux de la période", period, Box(12, 0, 7, 5), RATES),
        stat("What is known · Ce qui est connu", period, Box(19, 0, 5, 5), (COMPLETENESS, PROVISIONAL, ABSENT)),
        timeseries(
            "Energy over time · Énergie au fil du temps",
            read_sql("energy_over_time"),
            Box(0, 5, 24, 10),
            stacked=(ALLOCATED, RESIDUAL),
            lines=(PRODUCTION, SURPLUS),
            note=WHOLE_BINS,
        ),
        _by_day("Consumption by day · Consommation par jour", Box(0, 15, 12, 9), (ALLOCATED, RESIDUAL)),
        _by_day("Production by day · Production par jour", Box(12, 15, 12, 9), (ALLOCATED, SURPLUS)),
        table(
            "Days · Jours",
            days,
            Box(0, 24, 24, 10),
            (DAY, *energies, *RATES, COMPLETENESS, PROVISIONAL, ABSENT),
            note=WHOLE_DAYS,
            newest=DAY,
        ),
        _by_day("Intervals by status · Intervalles selon leur état", Box(0, 34, 12, 8), (SETTLED, PROVISIONAL, ABSENT)),
        _by_day("Intervals by quality · Intervalles selon leur qualité", Box(12, 34, 12, 8), QUALITIES),
        table(
            "Operator and device · Gestionnaire et appareil",
            read_sql("residuals"),
            Box(0, 42, 24, 8),
            RESIDUALS,
            note=WHOLE_MONTHS,
        ),
        table(
            "Operator’s settlement · Décompte du gestionnaire",
            read_sql("result_residuals"),
            Box(0, 50, 24, 8),
            RESULTS,
            note=SETTLED_MONTHS,
        ),
        table("Value · Valeur", read_sql("value"), Box(0, 58, 24, 7), VALUE, note=WORTH),
        table("Equity · Équité", read_sql("equity"), Box(0, 65, 24, 9), EQUITY, note=EVENLY),
        table("Communities · Communautés", read_sql("about"), Box(0, 74, 24, 5), ABOUT, note=SIMULATED),
    ]


def _by_day(title: str, box: Box, stacked: Sequence[Field]) -> Json:
    return bars(title, read_sql("days"), box, label=DAY, stacked=stacked, note=WHOLE_DAYS)
