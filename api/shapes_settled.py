"""The shapes of the JSON answers about settled months, for OpenAPI."""

from typing import Literal

from pydantic import BaseModel, Field

from api.shapes import Instant, published


class SettlementRow(BaseModel):
    """A version of a settled month, with its sums."""

    month: str = published("month")
    start: Instant
    end: Instant = Field(description="exclusive")
    version: int = Field(description="1 is what the month had when it was closed")
    made_at: Instant
    reason: Literal["first", "regularisation"] = Field(
        description="regularisation: something that the month is made of came, or was corrected, after it was closed"
    )
    changed: int = Field(
        description="settlement steps that were settled anew, also where a later correction took the first one back"
    )
    consumption_kwh: float = published("consumption_kwh")
    production_kwh: float = published("production_kwh")
    allocated_kwh: float = published("allocated_kwh")


class Settlements(BaseModel):
    """The settled months of a community, the newest first, and of each the newest version first."""

    community: str = published("community")
    settlements: list[SettlementRow]


class SettledStep(BaseModel):
    """One settlement step of a settled month."""

    start: Instant = published("start")
    consumption_kwh: float = published("consumption_kwh")
    production_kwh: float = published("production_kwh")
    allocated_kwh: float = published("allocated_kwh")
    residual_kwh: float = published("residual_kwh")
    surplus_kwh: float = published("surplus_kwh")
    self_consumption_rate: float | None = published("self_consumption_rate")
    self_sufficiency_rate: float | None = published("self_sufficiency_rate")
    coverage_rate: float | None = published("coverage_rate")
    present: int = published("present")
    expected: int = published("expected")
    completeness: float | None = published("completeness")
    quality: int = published("quality")
    status: Literal["settled", "provisional"] = published("status")


class Settled(BaseModel):
    """A version of a settled month."""

    community: str = published("community")
    month: str = published("month")
    version: int
    start: Instant
    end: Instant = Field(description="exclusive")


class SettledBalance(Settled):
    """The balance of a settled month as a version had it, step by step."""

    rows: list[SettledStep]


class SettledPointRow(BaseModel):
    """What one member did in a settled month, as a version had it; null where the flow was not known."""

    point: str = published("point")
    category: str = published("category")
    role: Literal["consumer", "producer", "prosumer"]
    import_kwh: float | None = published("import_kwh")
    export_kwh: float | None = published("export_kwh")
    share_kwh: float | None = published("share_kwh")
    allocated_kwh: float | None = published("allocated_kwh")
    residual_kwh: float | None = published("residual_kwh")
    surplus_kwh: float | None = published("surplus_kwh")
    present: int = published("present")
    expected: int | None = published("expected")
    completeness: float | None = published("completeness")
    quality: int | None = published("quality")


class SettledPoints(Settled):
    """The members of a community in a settled month, as a version had it."""

    points: list[SettledPointRow]


class SettledProducerRow(BaseModel):
    """What a member had of a producer in a settled month."""

    producer: str = published("producer")
    point: str = published("point")
    allocated_kwh: float = published("allocated_kwh")


class SettledProducers(Settled):
    """Whose production each member had in a settled month, as a version had it."""

    allocated_kwh: float = published("allocated_kwh")
    unattributed_kwh: float = published("unattributed_kwh")
    producers: list[SettledProducerRow] = Field(
        description="in order of producer and point; who had nothing has no row"
    )


class ResultResidualRow(BaseModel):
    """One result of the operator beside the hub's own figure; null where one of them is not known.

    From `present` on the figures are of the point's flow as a whole, and repeated with each of its results.
    """

    month: str = published("month")
    point: str = published("point")
    flow: Literal["import", "export"] = published("flow")
    result: Literal["cons", "prod", "autocons", "complement", "surplus"] = published("result")
    hub_result_kwh: float | None = published("hub_result_kwh")
    operator_result_kwh: float | None = published("operator_result_kwh")
    result_residual_kwh: float | None = published("result_residual_kwh")
    present: int = published("present")
    expected: int | None = published("expected")
    completeness: float | None = published("completeness")
    result_apart_kwh: float | None = published("result_apart_kwh")
    result_apart_share: float | None = published("result_apart_share")
    cause: Literal[
        "agrees", "hub_incomplete", "meter", "key", "others", "unclear", "unknown_to_operator", "unknown_to_hub"
    ] = published("cause")


class ResultResiduals(BaseModel):
    """A month that the operator has settled, the points furthest apart first."""

    community: str = published("community")
    month: str | None = Field(description="the month that is shown; null where the operator's results are not known")
    months: list[str] = Field(description="all the months of which its results are known, the newest first")
    rows: list[ResultResidualRow]
