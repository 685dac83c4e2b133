"""The shapes of the JSON answers about value and equity, for OpenAPI. EUR are decimal text: no float holds them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.shapes import published

Pending = Annotated[
    list[str],
    Field(description="months whose statements are being made anew, within minutes: figures of them are of before"),
]


class ValueRow(BaseModel):
    """What sharing was worth to one point in a local month; null where it is not known, or no tariff says it."""

    month: str = published("month")
    point: str = published("point")
    category: str = published("category")
    import_kwh: float | None = published("import_kwh")
    allocated_kwh: float | None = published("allocated_kwh")
    sold_kwh: float | None = published("sold_kwh")
    surplus_kwh: float | None = published("surplus_kwh")
    saving_eur: str | None = published("saving_eur")
    revenue_eur: str | None = published("revenue_eur")
    local_value_eur: str | None = published("local_value_eur")
    retail_value_eur: str | None = published("retail_value_eur")
    present: int = published("present")
    expected: int | None = published("expected")
    completeness: float | None = published("completeness")


class ValueSums(BaseModel):
    """What sharing was worth to all; EUR are null where a tariff is missing for any of the points."""

    allocated_kwh: float | None = published("allocated_kwh")
    sold_kwh: float | None = published("sold_kwh")
    surplus_kwh: float | None = published("surplus_kwh")
    saving_eur: str | None = published("saving_eur")
    revenue_eur: str | None = published("revenue_eur")
    local_value_eur: str | None = published("local_value_eur")
    retail_value_eur: str | None = published("retail_value_eur")
    local_value_rate: float | None = published("local_value_rate")
    present: int = published("present")
    expected: int | None = published("expected")
    completeness: float | None = published("completeness")


class ValueMonth(ValueSums):
    """The same of a month."""

    month: str = published("month")


class Value(BaseModel):
    """What sharing was worth, month by month; totals are null without any month."""

    community: str = published("community")
    zone: str
    first_month: str
    last_month: str
    pending_months: Pending
    rows: list[ValueRow]
    months: list[ValueMonth]
    totals: ValueSums | None


class EquityRow(BaseModel):
    """How evenly a group shared in a period; null where a denominator is zero."""

    period: str = published("period")
    first_month: str = published("first_month")
    last_month: str = published("last_month")
    group_kind: Literal["all", "category", "group"] = published("group_kind")
    group_name: str = published("group_name")
    members: int = published("members")
    consumption_kwh: float = published("consumption_kwh")
    allocated_kwh: float = published("allocated_kwh")
    saving_eur: str | None = published("saving_eur")
    jain: float | None = published("jain")
    gini: float | None = published("gini")
    min_max: float | None = published("min_max")
    autoproduction_p90_p10: float | None = published("autoproduction_p90_p10")
    share_against_need: float | None = published("share_against_need")
    parity: float | None = published("parity")


class Equity(BaseModel):
    """How evenly a community shared, period by period."""

    community: str = published("community")
    zone: str
    first_month: str
    last_month: str
    pending_months: Pending
    period_kind: Literal["month", "season", "year"] = published("period_kind")
    rows: list[EquityRow]
