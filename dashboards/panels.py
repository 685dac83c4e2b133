"""Parts of a Grafana dashboard as plain dictionaries: a field, a query, and one function per kind of panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal, TypeAlias

from energy.columns import Column, column

Json: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["integer", "ratio", "index", "energy", "money", "text"]

DATASOURCE_TYPE: Final = "grafana-postgresql-datasource"
DATASOURCE_UID: Final = "enercommons"
"""Fixed, so that one dashboard fits every Grafana organisation: each has its own data source of this uid."""
SOURCE: Final[Json] = {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID}
UNITS: Final[dict[Kind, str]] = {
    "energy": "kwatth",
    "money": "currencyEUR",
    "ratio": "percentunit",
    "index": "none",
    "integer": "none",
    "text": "string",
}
DECIMALS: Final[dict[Kind, int]] = {"ratio": 1, "index": 2, "money": 2}
LEGEND: Final[Json] = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
TOOLTIP: Final[Json] = {"mode": "multi", "sort": "none"}
REDUCE: Final[Json] = {"values": False, "calcs": ["lastNotNull"], "fields": ""}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a query as people see it; titles and meanings hold English, a middle dot, French."""

    name: str
    title: str
    kind: Kind
    meaning: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Where a panel stands on the 24 columns of the dashboard."""

    x: int
    y: int
    w: int
    h: int


def published(name: str, title: str, color: str | None = None, *, kind: Kind | None = None) -> Field:
    """Field of a column of the data dictionary, with its unit and meaning; `kind` where the unit does not tell it.

    Raises:
        KeyError: the dictionary has no such column.
    """
    known = column(name)
    return Field(name, title, kind or _kind(known), f"{known.meaning} · {known.meaning_fr}", color)


def _kind(known: Column) -> Kind:
    if known.unit == "kWh":
        return "energy"
    if known.unit == "EUR":
        return "money"
    if known.unit == "1":
        return "ratio" if known.type == "number" else "integer"
    return "text"


def read_sql(name: str) -> str:
    """Text of one statement of dashboards/sql, without its final semicolon."""
    text = files("dashboards").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return text.strip().removesuffix(";")


def stat(title: str, sql: str, box: Box, shown: Sequence[Field]) -> Json:
    """Panel of large numbers: the fields of a statement that gives one row."""
    options: Json = {
        "graphMode": "none",
        "colorMode": "value",
        "justifyMode": "auto",
        "textMode": "value_and_name",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "orientation": "vertical",
        "reduceOptions": REDUCE,
    }
    return _panel("stat", title, _query(sql, "table"), box, shown) | {"options": options}


def timeseries(title: str, sql: str, box: Box, *, stacked: Sequence[Field], lines: Sequence[Field], note: str) -> Json:
    """Panel over time: bars stacked on one another, and lines that break where a value is null."""
    custom: Json = {
        "drawStyle": "bars",
        "barAlignment": 1,
        "barWidthFactor": 1,
        "lineWidth": 0,
        "fillOpacity": 70,
        "showPoints": "never",
        "spanNulls": False,
        "axisSoftMin": 0,
        "stacking": {"mode": "normal", "group": "A"},
    }
    panel = _panel("timeseries", title, _query(sql, "time_series"), box, [*stacked, *lines], note=note)
    panel["fieldConfig"]["defaults"]["custom"] = custom
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] in {line.name for line in lines}:
            override["properties"] += _as_line()
    return panel | {"interval": "15m", "options": {"legend": LEGEND, "tooltip": TOOLTIP}}


def bars(title: str, sql: str, box: Box, *, label: Field, stacked: Sequence[Field], note: str) -> Json:
    """Panel of stacked bars, one for each row, named by the text of a label."""
    options: Json = {
        "xField": label.name,
        "orientation": "auto",
        "stacking": "normal",
        "showValue": "never",
        "groupWidth": 0.7,
        "barWidth": 0.97,
        "barRadius": 0,
        "fullHighlight": False,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 100,
        "legend": LEGEND,
        "tooltip": TOOLTIP,
    }
    panel = _panel("barchart", title, _query(sql, "table"), box, [label, *stacked], note=note)
    panel["fieldConfig"]["defaults"]["custom"] = {"fillOpacity": 70, "lineWidth": 0, "axisSoftMin": 0}
    return panel | {"options": options}


def table(title: str, sql: str, box: Box, shown: Sequence[Field], *, note: str, newest: Field | None = None) -> Json:
    """Panel of rows; with `newest`, the rows whose value of that field is greatest come first."""
    order = [] if newest is None else [{"displayName": newest.title, "desc": True}]
    panel = _panel("table", title, _query(sql, "table"), box, shown, note=note)
    return panel | {"options": {"showHeader": True, "cellHeight": "sm", "sortBy": order}}


def _query(sql: str, shape: Literal["table", "time_series"]) -> Json:
    return {
        "refId": "A",
        "datasource": SOURCE,
        "format": shape,
        "editorMode": "code",
        "rawQuery": True,
        "rawSql": sql,
    }


def _panel(kind: str, title: str, query: Json, box: Box, shown: Sequence[Field], *, note: str = "") -> Json:
    keep = [field.name for field in shown]
    if query["format"] == "time_series":
        keep.insert(0, "time")
    meanings = [f"**{field.title}**: {field.meaning}" for field in shown if field.meaning]
    return {
        "type": kind,
        "title": title,
        "description": "\n\n".join([note, *meanings] if note else meanings),
        "datasource": SOURCE,
        "gridPos": {"h": box.h, "w": box.w, "x": box.x, "y": box.y},
        "targets": [query],
        "transformations": [{"id": "filterFieldsByName", "options": {"include": {"names": keep}}}],
        "fieldConfig": {
            "defaults": {"noValue": "–", "color": {"mode": "fixed", "fixedColor": "text"}},
            "overrides": [_override(field) for field in shown],
        },
    }


def _override(field: Field) -> Json:
    properties: list[Json] = [
        {"id": "displayName", "value": field.title},
        {"id": "unit", "value": UNITS[field.kind]},
    ]
    if field.kind in DECIMALS:
        properties.append({"id": "decimals", "value": DECIMALS[field.kind]})
    if field.color is not None:
        properties.append({"id": "color", "value": {"mode": "fixed", "fixedColor": field.color}})
    return {"matcher": {"id": "byName", "options": field.name}, "properties": properties}


def _as_line() -> list[Json]:
    return [
        {"id": "custom.drawStyle", "value": "line"},
        {"id": "custom.lineInterpolation", "value": "stepAfter"},
        {"id": "custom.lineWidth", "value": 2},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "custom.stacking", "value": {"mode": "none", "group": "A"}},
    ]
