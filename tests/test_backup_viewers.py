"""The logins of Grafana after a restore: they look where they looked before, or can be ended where they are not."""

from pathlib import Path

from store import viewers
from store.connect import connect
from tests.backed_up import back_up, hub
from tests.databases import new_database
from tests.deployed_database import as_role, deployed_database, login, run_roles
from tests.servers import Postgres
from tests.valley import declare


def test_viewers_look_into_the_restored_database_and_can_be_removed(
    both_database_server: Postgres, tmp_path: Path
) -> None:
    with deployed_database(both_database_server) as old, new_database(both_database_server) as new:
        with login(old, "hub") as owner:
            declare(owner)
            viewer = viewers.add(owner, ["hourly"])
            owner.execute("INSERT INTO viewer VALUES ('graf_elsewhere', 1)")
        backup = back_up(as_role(old, "hub"), tmp_path / "backup")
        assert run_roles(new).returncode == 0
        restorer = new if both_database_server.kind == "timescale-17" else as_role(new, "hub")
        code, _, stderr = hub(restorer, "restore", backup)
        assert code == 0, stderr
        with login(new, "hub") as owner:
            assert viewers.viewers(owner) == {viewer.role: ["hourly"]}
            with login(new, viewer.role) as own:
                assert own.execute("SELECT id FROM shown.community").fetchall() == [("hourly",)]
            viewers.remove(owner, "graf_elsewhere")
            assert owner.execute("SELECT role_name FROM viewer").fetchall() == [(viewer.role,)]
        with connect(old) as superuser:  # a login ends when no database names it any more
            superuser.execute(f"DROP OWNED BY {viewer.role}".encode())
        with login(new, "hub") as owner:
            viewers.remove(owner, viewer.role)
            assert viewers.viewers(owner) == {}
