"""The site map in the database, for those who read messages."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg

from energy.model import ChannelRole, Quantity, Site
from store.queries import statement

KNOWN: Final = frozenset(Quantity)


def read_sites(connection: psycopg.Connection) -> tuple[Site, ...]:
    """The sites of the territory, as the last `hub apply` declared them."""
    return tuple(site_of(*row) for row in connection.execute(statement("territory_site")).fetchall())


def site_of(prefix: str, dialect: str, zone: str, name: str, roles: Mapping[str, Any]) -> Site:
    """The site of a row of the database, without roles whose quantity only a later version knows."""
    read = {
        role: ChannelRole(Quantity(said["quantity"]), float(said["factor"]))
        for role, said in roles.items()
        if said["quantity"] in KNOWN
    }
    return Site(prefix, dialect, zone, name, read)


def row_of(site: Site) -> dict[str, Any]:
    """A site as a row of the database, its roles as JSON has them."""
    roles = {name: {"quantity": role.quantity.value, "factor": role.factor} for name, role in site.roles.items()}
    return {"prefix": site.prefix, "dialect": site.dialect, "zone": site.zone, "name": site.name, "roles": roles}
