"""Pack a dataset as the files of a release: CSV, Parquet and their Frictionless description, hashed and chained."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import polars as pl

from energy.columns import column
from energy.frames import require
from energy.time import rfc3339
from energy.units import WH_PER_KWH
from processing.datasets import BALANCE_BY_MONTH, DATASET, PUBLISHED, WITHHELD, csv_bytes, parquet_bytes
from processing.disclosure import POLICY, Granularity, Policy

CSV_NAME: Final = f"{DATASET}.csv"
PARQUET_NAME: Final = f"{DATASET}.parquet"
DESCRIPTOR_NAME: Final = "datapackage.json"
CSV_TYPE: Final = "text/csv"
PARQUET_TYPE: Final = "application/vnd.apache.parquet"
DESCRIPTOR_TYPE: Final = "application/json"

PROFILE: Final = "https://datapackage.org/profiles/2.0/{}.json"
COLUMNS_VERSION: Final = 1
"""Major number of a release's version: it changes when a column changes its meaning or goes."""
FIELD_TYPES: Final = {name: name for name in ("string", "number", "integer", "boolean", "datetime")}
"""Types of energy/columns.csv as types of Frictionless fields."""
KEY: Final = ("community", "month")
CONSTRAINTS: Final[dict[str, dict[str, object]]] = {
    "community": {"required": True},
    "month": {"required": True, "pattern": "[0-9]{4}-(0[1-9]|1[0-2])"},
    "publication": {"required": True, "enum": [PUBLISHED, WITHHELD]},
    "policy": {"required": True},
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its SPDX identifier, its title and where its text is."""

    name: str
    title: str
    path: str


OPEN_LICENCE: Final = Licence(
    "etalab-2.0", "Licence Ouverte / Open Licence 2.0", "https://spdx.org/licenses/etalab-2.0.html"
)
"""The usual licence of French public data; which one applies is the operator's choice."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a release says of itself besides its rows.

    `version` counts from 1 and is published as 1.<version>.0; `released_at` is aware; `previous_digest` is
    `Release.digest` of the release before, None for the first; `simulated` are the ids of the communities whose data
    are simulated, so that the description says so; `policy` is the one the rows were decided under.
    """

    version: int
    released_at: datetime
    previous_digest: str | None = None
    licence: Licence = OPEN_LICENCE
    simulated: tuple[str, ...] = ()
    policy: Policy = POLICY


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release, as it is stored and served; `sha256` is the hexadecimal digest of its content."""

    name: str
    media_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """An immutable release of a dataset: its files, and the digest that chains it to the release before."""

    dataset: str
    edition: Edition
    files: tuple[ReleaseFile, ...]
    digest: str


def pack_release(frame: pl.DataFrame, edition: Edition) -> Release:
    """Make the release of community-balance-by-month that holds these rows. The same values give the same bytes.

    A release whose CSV has the digest of the one before says nothing new: the caller need not keep it.

    Args:
        frame: BALANCE_BY_MONTH, as `datasets.build_balance_by_month` gives it.
        edition: its number, instant, licence and the digest of the release before.

    Raises:
        ValueError: the frame is not BALANCE_BY_MONTH.
    """
    frame = require(frame, BALANCE_BY_MONTH)
    table = _release_file(CSV_NAME, CSV_TYPE, csv_bytes(frame))
    parquet = _release_file(PARQUET_NAME, PARQUET_TYPE, parquet_bytes(frame))
    descriptor = descriptor_bytes(describe(table, parquet, edition))
    files = (table, parquet, _release_file(DESCRIPTOR_NAME, DESCRIPTOR_TYPE, descriptor))
    return Release(DATASET, edition, files, digest_release(files, edition.previous_digest))


def digest_release(files: Iterable[ReleaseFile], previous_digest: str | None) -> str:
    """Digest of a release: SHA-256 of its sorted `sha256  name` lines, then of the digest before on a line of its own.

    The lines are those that `sha256sum` prints, sorted as bytes, so anyone can check the chain with two commands.
    """
    lines = sorted(f"{file.sha256}  {file.name}" for file in files)
    if previous_digest is not None:
        lines.append(previous_digest)
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def describe(table: ReleaseFile, parquet: ReleaseFile, edition: Edition) -> dict[str, object]:
    """The Frictionless data package (version 2) of a release's CSV and Parquet files.

    Properties outside the standard: `unit` and `description_fr` of a field, `previous_release` (the digest of the
    release before) and `simulated_communities` of the package.
    """
    simulated = sorted(edition.simulated)
    warning = f"SIMULATED DATA, no real household: {', '.join(simulated)}. " if simulated else ""
    licence = edition.licence
    return {
        "$schema": PROFILE.format("datapackage"),
        "name": DATASET,
        "title": "Balance of the energy communities by month",
        "description": warning + _description(edition.policy),
        "keywords": ["autoconsommation collective", "energy community", "electricity", "open data"],
        "licenses": [{"name": licence.name, "title": licence.title, "path": licence.path}],
        "version": f"{COLUMNS_VERSION}.{edition.version}.0",
        "created": rfc3339(edition.released_at),
        "sources": [{"title": "Metered intervals of the members, allocated by each community's sharing key"}],
        "contributors": [{"title": "Enercommons hub"}],
        "previous_release": edition.previous_digest,
        "simulated_communities": simulated,
        "resources": [
            _resource(DATASET, "csv", table) | {"dialect": {"delimiter": ",", "lineTerminator": "\n"}},
            _resource(f"{DATASET}-parquet", "parquet", parquet),
        ],
    }


def descriptor_bytes(descriptor: dict[str, object]) -> bytes:
    """A descriptor as canonical UTF-8 JSON: sorted keys, two spaces, a newline at the end."""
    return (json.dumps(descriptor, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def _description(policy: Policy) -> str:
    rounding_kwh = policy.limits[Granularity.MONTH].rounding_wh / WH_PER_KWH
    return (
        "Energy consumed, produced and shared in each energy community by local calendar month, over the holders who "
        "consented, took part all month and were measured for at least "
        f"{100 * policy.min_measured_share:g} % of it, under disclosure policy {policy.id}. "
        f"Energies are rounded to {rounding_kwh:g} kWh; residual, surplus and rates are computed from the rounded "
        "energies. A withheld row has no figure; in a published row an empty energy is withheld, and an empty rate is "
        "withheld or divides by zero. A published row never changes."
    )


def _release_file(name: str, media_type: str, content: bytes) -> ReleaseFile:
    return ReleaseFile(name, media_type, content, sha256(content).hexdigest())


def _resource(name: str, form: str, file: ReleaseFile) -> dict[str, object]:
    return {
        "$schema": PROFILE.format("dataresource"),
        "name": name,
        "type": "table",
        "path": file.name,
        "format": form,
        "mediatype": file.media_type,
        "encoding": "utf-8",
        "bytes": len(file.content),
        "hash": f"sha256:{file.sha256}",
        "schema": {
            "$schema": PROFILE.format("tableschema"),
            "fields": [_field(name) for name in BALANCE_BY_MONTH.names()],
            "missingValues": [""],
            "primaryKey": list(KEY),
        },
    }


def _field(name: str) -> dict[str, object]:
    known = column(name)
    field: dict[str, object] = {
        "name": name,
        "type": FIELD_TYPES[known.type],
        "description": known.meaning,
        "description_fr": known.meaning_fr,
    }
    if known.unit:
        field["unit"] = known.unit
    if name in CONSTRAINTS:
        field["constraints"] = CONSTRAINTS[name]
    return field
