"""The settings of the hub, read from HUB_* variables: the only file that reads the environment."""

import os
from difflib import get_close_matches
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from energy.errors import InvalidInput
from energy.model import LONGEST_STILLNESS
from processing.flags import Place

PREFIX: Final = "HUB_"


class Settings(BaseSettings):
    """How this hub runs. Every field is the variable HUB_<NAME>, and its description is its documentation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: str = Field(
        "postgresql://hub@127.0.0.1:5432/hub",
        min_length=1,
        repr=False,
        description="Address of PostgreSQL, with or without TimescaleDB.",
    )
    open_database_url: str = Field(
        "",
        repr=False,
        description="Address of PostgreSQL for /open/v1, whose login needs the releases alone; empty: the one above.",
    )
    mqtt_url: str = Field(
        "mqtt://127.0.0.1:1883",
        repr=False,
        description="Address of the MQTT broker: mqtt://user:password@host:port.",
    )
    mqtt_client_id: str = Field(
        "enercommons-hub",
        min_length=1,
        max_length=64,
        description="Name under which the broker keeps messages for this hub while it is away. One name, one process.",
    )
    mqtt_protocol: Literal["auto", "5", "3.1.1"] = Field(
        "auto", description="MQTT version to speak; auto is 5, and 3.1.1 where the broker has no 5."
    )
    mqtt_group: str = Field(
        "",
        max_length=64,
        pattern=r"^[^/+#\s]*$",
        description="Workers with one group and different HUB_MQTT_CLIENT_ID share the messages; needs MQTT 5.",
    )
    mqtt_in_order: bool = Field(
        True,
        description="In a group: whether this worker reads Sparkplug B, whose messages need their order; one has to.",
    )
    mqtt_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        ("#",), min_length=1, description="Topic filters to subscribe to, separated by commas; # is everything."
    )
    mqtt_in_flight: int = Field(
        4000, ge=1, le=65535, description="Messages that the broker may send before the first is acknowledged."
    )
    batch: int = Field(4000, ge=1, le=100_000, description="Most messages written in one transaction.")
    keep_technical: bool = Field(
        False, description="Also store voltage, current and power factor, which no balance needs."
    )
    oldest_days: int = Field(
        35,
        ge=1,
        le=36_500,
        description="Readings older than this when they are heard are set aside; a replay says when each was heard.",
    )
    rejected_days: int = Field(
        90, ge=1, le=36_500, description="What was refused is forgotten so long after it was last heard."
    )
    rejected_mb: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Size that refused messages, and refused readings, may take; the longest unheard go first.",
    )
    keep_readings_days: int = Field(
        0, ge=0, le=36_500, description="Readings older than this are removed; 0 keeps them for ever."
    )
    keep_intervals_days: int = Field(
        0, ge=0, le=36_500, description="Intervals older than this are removed; 0 keeps them for ever."
    )
    keep_balances_days: int = Field(
        0, ge=0, le=36_500, description="Balances and allocations older than this are removed; 0 keeps them for ever."
    )
    settle_after_days: int = Field(
        15,
        ge=1,
        le=36_500,
        description="A month is settled so long after its end, once all is known; what changes later is a new version.",
    )
    recompute_at: str = Field(
        "03:00",
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$",
        description="Time of the day, in HUB_ZONE, at which all that is computed is checked; empty: never.",
    )
    latitude: float | None = Field(
        None,
        ge=-90,
        le=90,
        description="Where the territory is, in degrees north: production at night is questionable.",
    )
    longitude: float | None = Field(
        None,
        validate_default=True,
        ge=-180,
        le=180,
        description="And in degrees east. Without both, no night is known.",
    )
    zone: str = Field("Europe/Paris", description="Time zone of devices that write local time without an offset.")
    coefficient_decimals: int = Field(
        1, ge=0, le=4, description="Decimals of a percent in `hub export coefficients`, rounded down; not verified."
    )
    coefficient_separator: Literal[";", ",", "tab"] = Field(
        ";", description="What stands between the columns of `hub export coefficients`; not verified."
    )
    coefficient_decimal_mark: Literal[",", "."] = Field(
        ",", description="Decimal mark of `hub export coefficients`; not verified."
    )
    coefficient_stamp: Literal["end", "start"] = Field(
        "end", description="Which end of its step a line of `hub export coefficients` is stamped with; not verified."
    )
    api_host: str = Field("127.0.0.1", description="Address on which the HTTP interface listens.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port of the HTTP interface; 0 takes a free one.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    @field_validator("mqtt_topics", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("mqtt_topics")
    @classmethod
    def _are_filters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for topic in value:
            levels = topic.split("/")
            if "#" in "".join(levels[:-1]) or any(len(level) > 1 and {"#", "+"} & set(level) for level in levels):
                raise ValueError(f"{topic!r} is not a topic filter; examples are #, hub/v1/# and tele/+/SENSOR")
        return value

    @field_validator("keep_readings_days")
    @classmethod
    def _outlives_what_may_come(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("oldest_days", 0) + 2 * LONGEST_STILLNESS.days
        if 0 < value < least:
            raise ValueError(
                f"readings must be kept for {least} days or more (HUB_OLDEST_DAYS and twice the"
                f" {LONGEST_STILLNESS.days} days over which an interval may reach), or 0 for ever"
            )
        return value

    @field_validator("keep_intervals_days", "keep_balances_days")
    @classmethod
    def _outlives_what_it_is_made_of(cls, value: int, info: ValidationInfo) -> int:
        made_of = "keep_readings_days" if info.field_name == "keep_intervals_days" else "keep_intervals_days"
        least = info.data.get(made_of, value)
        if value and (value < least or not least):
            kept = f"for {least} days" if least else "for ever"
            what, source = (word.split("_")[1] for word in (info.field_name or "", made_of))
            raise ValueError(
                f"{what} must be kept at least as long as the {source} that they are made of, which"
                f" {PREFIX}{made_of.upper()} keeps {kept}; 0 is for ever"
            )
        return value

    @field_validator("longitude")
    @classmethod
    def _both_or_none(cls, value: float | None, info: ValidationInfo) -> float | None:
        if (value is None) != (info.data.get("latitude") is None):
            raise ValueError(f"a place has both: {PREFIX}LATITUDE and {PREFIX}LONGITUDE")
        return value

    @field_validator("zone")
    @classmethod
    def _exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; an example is Europe/Paris")
        return value

    @property
    def place(self) -> Place | None:
        """Where the territory is; None where nobody said it."""
        if self.latitude is None or self.longitude is None:
            return None
        return Place(self.latitude, self.longitude)

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone as an object."""
        return ZoneInfo(self.zone)


def environment_with(**values: object) -> dict[str, str]:
    """The environment for a process of ours, with some settings changed, such as mqtt_group="hub"."""
    return os.environ | {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items()}


def misspelt() -> list[str]:
    """A sentence on each variable that is nearly one of ours: taken for none, it would do nothing and say nothing."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    strangers = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    near = {name: get_close_matches(name, known, 1, cutoff=0.85) for name in strangers}
    return [f"{name} is not a setting, and is ignored; is {meant[0]} meant?" for name, meant in near.items() if meant]


def read_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; `overrides` win over it.

    Raises:
        InvalidInput: a variable with a value that it cannot have; an address, which may hold a password, is not shown.
    """
    try:
        return Settings(**overrides)  # pyright: ignore[reportArgumentType] - the fields check their values
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        said = f"{name}: {first['msg'].removeprefix('Value error, ')}"
        if name.endswith("_URL"):
            raise InvalidInput(said) from None
        raise InvalidInput(f"{said} (it is {first['input']!r})") from error
