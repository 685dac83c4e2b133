"""Logins that may see communities in Grafana: views filtered on the login, and nothing beneath them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.errors import DependentObjectsStillExist, InsufficientPrivilege

from energy.errors import NotFound, Unavailable
from store.communities import read_community
from store.migrate import act_as_owner
from store.queries import statement


@dataclass(frozen=True, slots=True)
class Viewer:
    """A new login; its password is known here and nowhere else."""

    role: str
    password: str


def add(connection: psycopg.Connection, communities: Sequence[str]) -> Viewer:
    """Make a login that sees communities through schema `shown`. Its name tells nothing, for every login can read it.

    Raises:
        NotFound: no such community.
        Unavailable: this login may not make others.
    """
    viewer = Viewer(f"graf_{secrets.token_hex(6)}", secrets.token_hex(24))
    # The server is told what the password is checked by, never the password, which it could write to its log.
    verifier = connection.pgconn.encrypt_password(viewer.password.encode(), viewer.role.encode(), b"scram-sha-256")
    with connection.transaction():
        numbers = [read_community(connection, community).no for community in dict.fromkeys(communities)]
        _as_login(connection, "viewer_make", {"role": viewer.role, "password": verifier.decode()})
        act_as_owner(connection)
        _carry_out(connection, "viewer_grants", {"role": viewer.role})
        for number in numbers:
            connection.execute(statement("viewer_add"), {"role": viewer.role, "community_no": number})
    return viewer


def viewers(connection: psycopg.Connection) -> dict[str, list[str]]:
    """The logins that may read schema `shown`, each with the communities that it sees there."""
    return dict(connection.execute(statement("viewers")).fetchall())


def remove(connection: psycopg.Connection, role: str) -> None:
    """End a login; connections that it has open are refused everything from now on.

    Raises:
        NotFound: there is no viewer of that name.
        Unavailable: this login may not end it; or it has rights in another database too, and only those here are gone.
    """
    elsewhere: list[str] = []
    with connection.transaction():
        is_login = role in viewers(connection)
        act_as_owner(connection)
        removed = connection.execute(statement("viewer_remove"), {"role": role}).rowcount
        if not is_login and not removed:  # a restore brings names whose logins are on another server
            raise NotFound(f"there is no viewer {role!r}; `hub viewer list` shows those there are")
        _carry_out(connection, "viewer_revokes", {"role": role})
        try:
            with connection.transaction():
                _as_login(connection, "viewer_drop", {"role": role})
        except DependentObjectsStillExist:
            elsewhere = [name for (name,) in connection.execute(statement("viewer_elsewhere"), {"role": role})]
            if not elsewhere:
                raise
    if elsewhere:
        raise Unavailable(
            f"{role} sees nothing here any more, but it can still log in, for it has rights in {', '.join(elsewhere)}:"
            f" run `hub viewer remove {role}` there, or as a superuser there DROP OWNED BY {role} and DROP ROLE {role}"
        )


def _as_login(connection: psycopg.Connection, name: str, parameters: Mapping[str, str]) -> None:
    """Carry out commands about roles as the login itself: the owner of the database may make none."""
    connection.execute(statement("act_as"), {"role": "none"})
    try:
        _carry_out(connection, name, parameters)
    except InsufficientPrivilege as error:
        raise Unavailable(
            "this login may not make or end logins; run the command as a superuser of PostgreSQL, as"
            f" docs/grafana.md shows ({error.diag.message_primary})"
        ) from error


def _carry_out(connection: psycopg.Connection, name: str, parameters: Mapping[str, str]) -> None:
    for (command,) in connection.execute(statement(name), parameters).fetchall():
        connection.execute(command.encode())
