"""Logins that may see communities in Grafana: views filtered on the login, and nothing beneath them."""

from collections.abc import Sequence

import psycopg

from energy.errors import NotFound
from store.communities import read_community
from store.queries import statement


def allow(connection: psycopg.Connection, role: str, communities: Sequence[str]) -> None:
    """Let an existing login role see communities through schema `shown`, besides those it sees already.

    Raises:
        NotFound: no such role, or no such community.
    """
    with connection.transaction():
        if connection.execute(statement("role_exists"), {"role": role}).fetchone() != (True,):
            raise NotFound(
                f"there is no database role {role!r}; create it first: CREATE ROLE {role} LOGIN PASSWORD '...'"
            )
        for community in communities:
            number = read_community(connection, community).no
            connection.execute(statement("viewer_add"), {"role": role, "community_no": number})
        connection.execute(statement("viewer_grant"), {"role": role})
