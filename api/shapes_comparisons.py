"""The shapes of the JSON answers about comparisons of sharing keys, for OpenAPI."""

from typing import Literal

from pydantic import BaseModel, Field

from api.shapes import Instant, published


class Asked(BaseModel):
    """A comparison that was asked for, and how far it is."""

    no: int = Field(description="number of the comparison")
    asked_at: Instant
    ended_at: Instant | None = Field(description="null while it waits or runs")
    status: Literal["waiting", "running", "done", "failed"]
    progress: float = Field(description="part of it that is computed, from 0 to 1")
    error: str | None = Field(description="one sentence where it failed")
    first_month: str = Field(description="first local month, YYYY-MM")
    last_month: str = Field(description="last local month, YYYY-MM")
    keys: list[str] = Field(description="names of the proposed keys")


class Comparisons(BaseModel):
    """The comparisons of a community, the newest first."""

    community: str = published("community")
    comparisons: list[Asked]


class Titles(BaseModel):
    """How a key is called."""

    en: str
    fr: str


class Sums(BaseModel):
    """What all members had under one key; money in cents, as text."""

    key: str = published("key")
    consumption_kwh: float = published("consumption_kwh")
    production_kwh: float = published("production_kwh")
    allocated_kwh: float = published("allocated_kwh")
    surplus_kwh: float = published("surplus_kwh")
    self_consumption_rate: float | None = published("self_consumption_rate")
    self_sufficiency_rate: float | None = published("self_sufficiency_rate")
    saving_eur: str | None = published("saving_eur")
    revenue_eur: str | None = published("revenue_eur")
    net_eur: str | None = published("net_eur")
    local_value_eur: str | None = published("local_value_eur")
    retail_value_eur: str | None = published("retail_value_eur")


class KeySums(Sums):
    """A key over all the months, against today's."""

    difference_kwh: float = published("difference_kwh")
    difference_eur: str | None = published("difference_eur")
    local_value_rate: float | None = published("local_value_rate")
    members: int = published("members")
    gaining: int = published("gaining")
    losing: int = published("losing")
    most_gained_kwh: float | None = published("most_gained_kwh")
    most_lost_kwh: float | None = published("most_lost_kwh")
    jain: float | None = published("jain")
    gini: float | None = published("gini")
    min_max: float | None = published("min_max")
    autoproduction_p90_p10: float | None = published("autoproduction_p90_p10")
    share_against_need: float | None = published("share_against_need")


class KeyMonth(Sums):
    """A key in one month."""

    month: str = published("month")


class KeyMember(BaseModel):
    """What one member has under one key over all the months, against today's."""

    key: str = published("key")
    member: str = published("member")
    category: str | None = Field(description="null where members go by pseudonyms")
    role: Literal["consumer", "producer", "prosumer"]
    consumption_kwh: float | None = published("consumption_kwh")
    production_kwh: float | None = published("production_kwh")
    allocated_kwh: float | None = published("allocated_kwh")
    sold_kwh: float | None = published("sold_kwh")
    saving_eur: str | None = published("saving_eur")
    revenue_eur: str | None = published("revenue_eur")
    net_eur: str | None = published("net_eur")
    autoproduction_rate: float | None = published("autoproduction_rate")
    difference_kwh: float | None = published("difference_kwh")
    sold_difference_kwh: float | None = published("sold_difference_kwh")
    difference_eur: str | None = published("difference_eur")


class KeyEquity(BaseModel):
    """How evenly one key shares among all, in a season, or in a category or group of members."""

    key: str = published("key")
    group_kind: Literal["all", "season", "category", "group"]
    group_name: str = published("group_name")
    members: int = published("members")
    allocated_kwh: float = published("allocated_kwh")
    consumption_kwh: float = published("consumption_kwh")
    jain: float | None = published("jain")
    gini: float | None = published("gini")
    min_max: float | None = published("min_max")
    autoproduction_p90_p10: float | None = published("autoproduction_p90_p10")
    share_against_need: float | None = published("share_against_need")
    parity: float | None = published("parity")


class Result(BaseModel):
    """What a comparison found."""

    first_month: str = Field(description="first local month, YYYY-MM")
    last_month: str = Field(description="last local month, YYYY-MM")
    titles: dict[str, Titles | None] = Field(description="of each key, today's first; today's have none")
    present: int = published("present")
    expected: int = published("expected")
    steps_without_key: int = Field(description="steps that are not compared, for no key was in force")
    keys: list[KeySums]
    members: list[KeyMember]
    months: list[KeyMonth]
    equity: list[KeyEquity]


class Comparison(Asked):
    """One comparison, with what it found."""

    community: str = published("community")
    result: Result | None = Field(description="null unless it is done")
