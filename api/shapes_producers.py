"""The shapes of what is said of producers and of keys, for OpenAPI."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.shapes import Instant, published


class ProducerRow(BaseModel):
    """What a member had of a producer over a step, or over all of the span."""

    start: Instant = published("start")
    producer: str = published("producer")
    point: str = published("point")
    allocated_kwh: float = published("allocated_kwh")
    status: Literal["settled", "provisional"] = published("status")


class Producers(BaseModel):
    """Whose production each member had."""

    community: str = published("community")
    zone: str = Field(description="time zone of local days, months and years")
    start: Instant
    end: Instant = Field(description="exclusive")
    step: Literal["15min", "30min", "hour", "day", "month", "year"] | None = Field(description="null: all in one")
    unit: Literal["kWh"]
    rows: list[ProducerRow] = Field(description="in order of start, producer and point; who had nothing has no row")
    allocated_kwh: float = published("allocated_kwh")
    unattributed_kwh: float = published("unattributed_kwh")


class Validity(BaseModel):
    """From when to when a rule applies."""

    valid_from: Instant | None = Field(description="null: since ever")
    valid_to: Instant | None = Field(description="exclusive; null: without end")


class KeyVersion(BaseModel):
    """A rule by which the community shares or shared."""

    key_no: int = published("key_no")
    rule: dict[str, Any] = Field(description="type, whose the surplus is, and the shares in parts per million")
    validities: list[Validity] = Field(description="by what is declared now; empty where it is declared no longer")


class Keys(BaseModel):
    """Every rule by which a community ever shared."""

    community: str = published("community")
    keys: list[KeyVersion]
