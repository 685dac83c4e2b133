"""The parts of the hub as processes, each with its own login, on a deployed database: from MQTT to the open data."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from api.app import create_app
from energy.time import rfc3339
from tests.conftest import AskForServer
from tests.deployed_database import as_role, deployed_database, login
from tests.filled_hub import serving
from tests.hub_command import call_hub
from tests.hub_process import running_hub, wait_until
from tests.metering import DAY, append, apply, process, register
from tests.publishing import speaking
from tests.servers import Mosquitto

THAT_DAY: Final = {"start": rfc3339(DAY), "end": rfc3339(DAY + timedelta(days=1))}
KEPT: Final = ("reading", "interval", "balance")
TERRITORY: Final = """
community = [{ id = "vallon", name = "Vallon", place = "Somewhere" }]
holder = [{ id = "someone" }]
[[point]]
id = "home"
holder = "someone"
name = "Home"
category = "home"
community = "vallon"
device = [{ id = "meter" }]
"""


def test_a_reading_goes_from_mqtt_to_a_balance_and_a_release(
    ask_for_server: AskForServer, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """On TimescaleDB, of which no part may call a function; without it they may do the same."""
    with deployed_database(ask_for_server("timescale-17")) as url:
        with login(url, "hub") as hub:
            apply(hub, TERRITORY)
        database = {part: {"HUB_DATABASE_URL": as_role(url, f"hub_{part}")} for part in ("ingest", "process", "api")}
        listening = {
            "database_url": as_role(url, "hub_ingest"),
            "mqtt_url": f"mqtt://127.0.0.1:{mosquitto.port}",
            "oldest_days": 36_500,
        }
        working = {"database_url": as_role(url, "hub_process")}
        serving = {
            "database_url": as_role(url, "hub_api"),
            "open_database_url": as_role(url, "hub_open"),
            "api_port": 0,
        }
        with (
            running_hub("ingest", log=tmp_path / "ingest", settings=listening),
            running_hub("process", log=tmp_path / "process", settings=working, until="") as worker,
            running_hub("serve", log=tmp_path / "serve", settings=serving, until="listening on") as server,
        ):
            address = re.findall(r"listening on (\S+)", server.said)[0]
            with httpx.Client(base_url=address, timeout=30) as api, speaking(mosquitto.port) as speaker:
                said = [
                    {"at": rfc3339(r.at), "import_wh": r.value} for r in register("meter", range(0, 9700, 100)) if r.at
                ]
                speaker.publish("hub/v1/meter", json.dumps(said))
                speaker.publish("hub/v1/meter", "no reading at all")
                speaker.finish()

                def is_whole() -> bool:
                    totals = api.get("/v1/communities/vallon/balance", params=THAT_DAY).json()["totals"]
                    return totals is not None and totals["consumption_kwh"] == 9.6

                wait_until(is_whole, "balance of the whole day")
                health = api.get("/v1/health").json()
                assert (health["status"], health["rejected_messages"]) == ("ok", 1)
                assert "hub_database_up 1.0" in api.get("/metrics").text
                points = api.get("/v1/communities/vallon/points", params=THAT_DAY).json()["points"]
                assert [point["import_kwh"] for point in points] == [9.6]
                assert api.get("/v1/communities/vallon/now").status_code == 200
                with api.stream("GET", "/v1/communities/vallon/live") as feed:
                    assert next(feed.iter_lines()) == "event: now"

                assert api.get("/open/v1").json() == {"datasets": []}
                assert call_hub("publish", settings=database["process"])[:2] == (0, "released version 1\n")
                (dataset,) = api.get("/open/v1").json()["datasets"]
                (release,) = dataset["releases"]
                for file in release["files"]:
                    assert api.get(f"/open/v1/{dataset['dataset']}/{file['name']}").status_code == 200
                assert "permission denied" not in worker.said + server.said
        for words in (["devices"], ["rejected", "list"], ["viewer", "list"]):
            code, _, stderr = call_hub(*words, settings={"HUB_DATABASE_URL": as_role(url, "hub")})
            assert (code, stderr) == (0, "")
        nothing_stays_after_retention(url)
        for part in ("ingest", "process", "api"):
            code, _, stderr = call_hub("viewer", "add", "vallon", settings=database[part])
            assert code == 1
            assert "permission denied" in stderr or "may not" in stderr


def test_what_is_too_old_goes_row_by_row_without_timescaledb(ask_for_server: AskForServer) -> None:
    with deployed_database(ask_for_server("wheel-16")) as url:
        with login(url, "hub") as hub, login(url, "hub_ingest") as ingest:
            apply(hub, TERRITORY)
            append(ingest, register("meter", range(0, 9700, 100)))
            append(ingest, register("meter", [5]))
        process(as_role(url, "hub_process"))
        nothing_stays_after_retention(url)


def test_the_login_of_the_interface_may_answer_all_that_it_describes(ask_for_server: AskForServer) -> None:
    with deployed_database(ask_for_server("wheel-16")) as url:
        with login(url, "hub") as hub, login(url, "hub_ingest") as ingest:
            apply(hub, TERRITORY)
            append(ingest, register("meter", range(0, 9700, 100)))
        process(as_role(url, "hub_process"))
        of_one = "/v1/communities/vallon"
        described = create_app("postgresql://nowhere").openapi()["paths"]
        paths = {path.replace("{community}", "vallon") for path, verbs in described.items() if "get" in verbs}
        paths = {path for path in paths if path.startswith(of_one) and "{" not in path} - {f"{of_one}/live"}
        assert paths >= {f"{of_one}/{what}" for what in ("value", "equity", "producers", "keys", "comparisons")}
        with serving(as_role(url, "hub_api")) as api:
            assert {path: api.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
            asked = {"from": "2026-01", "to": "2026-01", "key": [{"name": "prorata", "type": "prorata"}]}
            answer = api.post(f"{of_one}/comparisons", json=asked)
            assert answer.status_code == 202
            assert api.get(answer.headers["location"]).json()["status"] == "waiting"


def nothing_stays_after_retention(url: str) -> None:
    """Let the login of `hub process` remove all readings, intervals and balances of that day."""
    with login(url, "hub") as hub:
        counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in KEPT)
        ((*before,),) = hub.execute(counts.encode()).fetchall()
        assert all(before), before
        kept = {f"HUB_KEEP_{kind}_DAYS": "97" for kind in ("READINGS", "INTERVALS", "BALANCES")}
        code, _, stderr = call_hub(
            "retention", "--yes", settings=kept | {"HUB_DATABASE_URL": as_role(url, "hub_process")}
        )
        assert code == 0, stderr
        assert hub.execute(counts.encode()).fetchall() == [(0,) * len(KEPT)]
