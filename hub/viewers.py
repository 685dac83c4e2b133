"""What `hub viewer` does: make a login that sees communities in Grafana, list those there are, end one."""

import argparse
import sys
from typing import Final

import psycopg

from store import viewers

NOBODY: Final = "nobody may see a community in Grafana yet: `hub viewer add COMMUNITY` makes a login"


def run(arguments: argparse.Namespace, connection: psycopg.Connection) -> None:
    """Carry out the action that the arguments name."""
    match arguments.action:
        case "add":
            viewer = viewers.add(connection, arguments.community)
            # As lines of .env, so that they can go there without being seen.
            print(f"GRAFANA_DB_USER={viewer.role}\nGRAFANA_DB_PASSWORD={viewer.password}")
            print(f"{viewer.role} sees {_named(arguments.community)}; its password is not kept", file=sys.stderr)
        case "list":
            seen = viewers.viewers(connection)
            print("\n".join(f"{role}  {_named(communities)}" for role, communities in seen.items()) or NOBODY)
        case _:
            viewers.remove(connection, arguments.role)
            print(f"{arguments.role} can log in no more")


def _named(communities: list[str]) -> str:
    return ", ".join(dict.fromkeys(communities)) or "(no community)"
