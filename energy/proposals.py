"""Sharing keys that a community thinks of before a vote, as `keys.toml` and requests to the interface write them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from energy.errors import InvalidInput
from energy.faults import MONTH
from energy.keys import SharingKey
from energy.model import Role
from energy.territory_file import Entry, Id, KeyEntry, Text, YesNo, describe_fault
from energy.territory_keys import key_from
from energy.time import month_named

TODAY: Final = "today"
"""How the keys in force are called in every comparison."""
MOST: Final = 10
"""So many keys can still be told apart on a page."""
MOST_MONTHS: Final = 60
Month = Annotated[str, Field(pattern=MONTH)]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A key that may be voted on: the name by which figures call it, and its titles in English and French."""

    name: str
    title: str
    title_fr: str
    key: SharingKey


class ProposedEntry(KeyEntry):
    """A sharing key as territory.toml writes it, and how it is called."""

    name: Id
    title: Text | None = None
    title_fr: Text | None = None


class ProposalsFile(Entry):
    """The shape of keys.toml."""

    key: Annotated[list[ProposedEntry], Field(min_length=1, max_length=MOST)]


class ComparisonRequest(ProposalsFile):
    """What the interface takes: the first and the last local month, the keys, and whether members go by their names."""

    from_: Month = Field(alias="from", description="first local month")
    to: Month = Field(description="last local month")
    names: YesNo = Field(default=False, description="whether members go by their names instead of by lot")

    @property
    def first(self) -> date:
        """First day of the first month.

        Raises:
            InvalidInput: there is no such month.
        """
        return month_named(self.from_, "from")

    @property
    def last(self) -> date:
        """First day of the last month.

        Raises:
            InvalidInput: there is no such month.
        """
        return month_named(self.to, "to")


def request_from(declared: Mapping[str, Any]) -> ComparisonRequest:
    """Read a request for a comparison.

    Raises:
        InvalidInput: an unknown or missing entry, or months that cannot be compared.
    """
    try:
        request = ComparisonRequest.model_validate(declared)
    except ValidationError as error:
        raise InvalidInput(describe_fault(error.errors()[0], declared)) from error
    require_months(request.first, request.last)
    return request


def parse_proposals(
    text: str, name: str, zone: ZoneInfo, step: timedelta, members: Mapping[str, Role]
) -> tuple[Proposal, ...]:
    """Read the text of a file of proposed keys.

    Args:
        name: of the file; it opens the sentence when something is wrong.
        zone, step: of the community: steps without an offset are local, and each is one of settlement.
        members: roles of the points that are ever in the community.

    Raises:
        InvalidInput: not TOML, an unknown or missing entry, a name used twice, a key that cannot be applied.
    """
    declared: dict[str, Any] = {}
    try:
        declared = tomllib.loads(text.removeprefix("\ufeff"))  # what some editors put first
        if "key" not in declared:
            raise InvalidInput("no key is proposed; write each as [[key]], with `name` and `type`")
        return proposals_from(ProposalsFile.model_validate(declared).key, zone, step, members)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{name} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise InvalidInput(f"{name}, {describe_fault(error.errors()[0], declared)}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{name}, {error}") from error


def proposals_from(
    entries: Sequence[ProposedEntry], zone: ZoneInfo, step: timedelta, members: Mapping[str, Role]
) -> tuple[Proposal, ...]:
    """Make the keys of entries that have the right shape.

    Raises:
        InvalidInput: a name used twice or kept for today's keys, dates, a key that cannot be applied.
    """
    proposals: dict[str, Proposal] = {}
    for entry in entries:
        where = f"key {entry.name}"
        if entry.name == TODAY:
            raise InvalidInput(f"{where}: the keys in force are called so and always compared; choose another name")
        if entry.name in proposals:
            raise InvalidInput(f"{where}: two keys have this name; give each its own")
        if entry.from_ is not None or entry.to is not None:
            raise InvalidInput(f"{where}: a proposed key has no `from` or `to`: it is tried on all that is compared")
        key = key_from(entry, where, zone, step, None, members)
        title = entry.title or entry.title_fr or entry.name
        proposals[entry.name] = Proposal(entry.name, title, entry.title_fr or title, key)
    return tuple(proposals.values())


def require_months(first: date, last: date) -> None:
    """Refuse months that cannot be compared.

    Raises:
        InvalidInput: the last is before the first, or they are too many.
    """
    if last < first:
        raise InvalidInput(f"the last month ({last:%Y-%m}) is before the first ({first:%Y-%m})")
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        raise InvalidInput(f"{first:%Y-%m} to {last:%Y-%m} are more than {MOST_MONTHS} months; compare fewer at a time")
