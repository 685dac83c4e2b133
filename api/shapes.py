"""The shapes of the JSON answers, for OpenAPI: every published column is described as in the data dictionary."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from energy.columns import column

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Listening: TypeAlias = Literal["listening", "no broker", "silent"]


def published(name: str) -> Any:
    """A field that is a column of the data dictionary, with its meaning and unit."""
    entry = column(name)
    return Field(description=entry.meaning, json_schema_extra={"x-unit": entry.unit} if entry.unit else None)


class Key(BaseModel):
    """The sharing key in force."""

    type: str
    surplus: Literal["to_producers", "to_members"] = Field(description="whose a share is that a member cannot use")
    valid_from: Instant | None = Field(description="null when it always was")


class Community(BaseModel):
    """A community, its key, and the span of its balances."""

    id: str = published("community")
    name: str
    place: str
    zone: str = Field(description="time zone of its local days and months")
    step_min: int = Field(description="settlement step in minutes")
    simulated: bool = Field(description="whether its figures come from a simulation")
    points: int = Field(description="metering points that are members now")
    key: Key | None
    first_start: Instant | None = Field(description="start of the first interval with a balance")
    last_start: Instant | None = Field(description="start of the last interval with a balance")


class Communities(BaseModel):
    """Every community of the territory."""

    communities: list[Community]


class Totals(BaseModel):
    """Sums over a stretch of time; rates are ratios of these sums."""

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
    completeness: float = published("completeness")
    quality: int = published("quality")
    status: Literal["settled", "provisional"] = published("status")


class BalanceRow(Totals):
    """The sums of one step."""

    start: Instant = published("start")


class Balance(BaseModel):
    """The balance of a community, step by step and in sum."""

    community: str = published("community")
    zone: str = Field(description="time zone of local days and months")
    start: Instant
    end: Instant = Field(description="exclusive")
    step: Literal["15min", "30min", "hour", "day", "month", "year"]
    unit: Literal["kWh"]
    rows: list[BalanceRow] = Field(description="in order of time; a step without any reading has no row")
    totals: Totals | None = Field(description="null without rows")


class Power(BaseModel):
    """Power of a community over the last minutes."""

    community: str = published("community")
    at: Instant | None = Field(description="the latest instant among the points heard")
    consumption_w: int | None = Field(
        description="null when no consuming point was heard", json_schema_extra={"x-unit": "W"}
    )
    production_w: int | None = Field(
        description="null when no producing point was heard", json_schema_extra={"x-unit": "W"}
    )
    points: int = Field(description="points heard recently")
    expected: int = Field(description="points that are members now")


class PointRow(BaseModel):
    """What one member did over a stretch of time; null where the flow, or all of it, is not known."""

    point: str = published("point")
    category: str = published("category")
    role: Literal["consumer", "producer", "prosumer"]
    last_start: Instant | None = Field(description="start of the last interval known")
    import_kwh: float | None = published("import_kwh")
    export_kwh: float | None = published("export_kwh")
    share_kwh: float | None = published("share_kwh")
    allocated_kwh: float | None = published("allocated_kwh")
    residual_kwh: float | None = published("residual_kwh")
    surplus_kwh: float | None = published("surplus_kwh")
    self_sufficiency_rate: float | None = published("self_sufficiency_rate")
    present: int = published("present")
    expected: int | None = published("expected")
    completeness: float | None = published("completeness")
    quality: int | None = published("quality")
    status: Literal["settled", "provisional"] = published("status")
    keys: list[int] = Field(description="numbers of the rules by which its steps were shared, as /keys lists them")


class Points(BaseModel):
    """The members of a community over a stretch of time."""

    community: str = published("community")
    start: Instant
    end: Instant = Field(description="exclusive")
    points: list[PointRow]


class ResidualRow(BaseModel):
    """What the operator and the device say of one flow of a point; null where nothing can be compared."""

    point: str = published("point")
    flow: Literal["import", "export"] = published("flow")
    operator_kwh: float | None = published("operator_kwh")
    device_kwh: float | None = published("device_kwh")
    device_residual_kwh: float | None = published("device_residual_kwh")
    device_residual_rate: float | None = published("device_residual_rate")
    compared: int = published("compared")
    operator_only: int = published("operator_only")
    device_only: int = published("device_only")


class IndexResidualRow(BaseModel):
    """The energy between the operator's indexes of one flow of a point, and how far curve and device are from it."""

    point: str = published("point")
    flow: Literal["import", "export"] = published("flow")
    index_start: Instant = published("index_start")
    index_end: Instant = published("index_end")
    index_kwh: float = published("index_kwh")
    stretches: int = published("stretches")
    index_curve_kwh: float | None = published("index_curve_kwh")
    index_curve_residual_kwh: float | None = published("index_curve_residual_kwh")
    index_curve_stretches: int = published("index_curve_stretches")
    index_device_kwh: float | None = published("index_device_kwh")
    index_device_residual_kwh: float | None = published("index_device_residual_kwh")
    index_device_stretches: int = published("index_device_stretches")


class Residuals(BaseModel):
    """How far the devices of a community are from the operator's curves over a stretch of time."""

    community: str = published("community")
    start: Instant
    end: Instant = Field(description="exclusive")
    residuals: list[ResidualRow] = Field(description="the furthest apart first, then what cannot be compared")
    by_index: list[IndexResidualRow] = Field(description="of the indexes that end in the span, furthest apart first")


class Database(BaseModel):
    """The versions of the database."""

    postgresql: str
    timescaledb: str | None = Field(description="null on plain PostgreSQL")


class Listener(BaseModel):
    """A process that listens to the broker, as it last told; its counts are since its start."""

    id: str = Field(description="name under which it is connected to the broker")
    status: Listening = Field(description="silent when it has told nothing for more than 10 seconds")
    told_at: Instant
    silent_s: float = Field(description="time since then", json_schema_extra={"x-unit": "s"})
    messages: int = Field(description="messages heard and dealt with")
    stored: int = Field(description="readings stored")
    repeated: int = Field(description="readings that were there already")
    undated: int = Field(description="readings left out because nobody knows when they were true")
    rejected_messages: int = Field(description="messages that could not be read")
    rejected_readings: int = Field(description="readings that could not be true")
    queued: int = Field(description="messages heard and not yet stored")
    full_s: float = Field(
        description="time in which it did not read from the broker because its queue was full",
        json_schema_extra={"x-unit": "s"},
    )
    broker_losses: int = Field(description="connections to the broker that were lost")
    database_losses: int = Field(description="connections to the database that were lost")


class Health(BaseModel):
    """What an operator wants to see first."""

    status: Literal["ok", "degraded"] = Field(
        description="degraded when a listener is not listening, the computation of a day failed, or no sharing key"
        " applies to a community"
    )
    version: str
    database: Database
    last_reading_at: Instant | None
    listeners: list[Listener] = Field(description="those that run, and those that ended without saying so")
    devices: int = Field(description="devices ever heard")
    unmapped_devices: int = Field(description="of these, devices that belong to no point")
    rejected_messages: int = Field(description="different messages in quarantine; 10000 is so many or more")
    rejected_readings: int = Field(description="implausible readings set aside; 10000 is so many or more")
    stale_spans: int = Field(description="days that wait to be computed")
    failing_spans: int = Field(description="of these, days whose computation failed")
    communities_without_key: int = Field(
        description="communities that have members now and no sharing key: they have no balance from its end on"
    )


class File(BaseModel):
    """A file of a release."""

    name: str
    media_type: str
    bytes: int
    sha256: str


class Release(BaseModel):
    """A release of a dataset: it never changes."""

    version: int
    released_at: Instant
    digest: str
    previous_digest: str | None = Field(description="digest of the release before; null for the first")
    files: list[File]


class Dataset(BaseModel):
    """A dataset and its releases, newest first."""

    dataset: str
    releases: list[Release]


class Datasets(BaseModel):
    """All open data."""

    datasets: list[Dataset]
