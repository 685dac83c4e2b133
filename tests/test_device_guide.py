"""The guide to adding a device: both languages give the same steps, and these do what it says."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from energy.territory import parse_territory
from energy.time import PARIS
from hub.cli import parser
from hub.commands import COMMANDS
from store.connect import connect
from store.registry import apply_changes, difference, read_territory
from tests.hub_command import HUB, call_hub, environment
from tests.metering import wait_until
from tests.test_guides import DOCS, ROOT, blocks

PAGE: Final = "add-a-device.md"
DEMO_TIMEOUT_S: Final = 120
UNREADABLE: Final = "echo 617.283 | hub decode school/"
DEMO: Final = ROOT / "hub" / "demo" / "territory.toml"


def commands() -> list[list[str]]:
    """The words of each `hub` command, in order; what is piped into it comes first."""
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if re.match(r"(echo .+ \| )?hub ", line)]


@pytest.fixture
def territory(tmp_path: Path) -> Path:
    """The territory of the demo with what the guide adds to it."""
    file = tmp_path / "territory.toml"
    shutil.copy(DEMO, file)
    added = [text for text in blocks(PAGE, "sh") if text.startswith("cat >> ")]
    assert len(added) == 2
    for text in added:
        subprocess.run(["/bin/sh", "-c", text], cwd=tmp_path, check=True)
    return file


def test_both_languages_give_the_same_steps() -> None:
    assert blocks(PAGE)
    assert blocks(PAGE) == blocks("add-a-device.fr.md")


def test_every_command_is_understood() -> None:
    assert len(commands()) > 6
    for words in commands():
        verb = words[words.index("hub") + 1 :]
        if verb[0] in COMMANDS:
            parser().parse_args(verb)


def test_messages_are_decoded_as_the_guide_says(territory: Path) -> None:
    told: list[tuple[int, list[str] | str]] = []
    for words in (words for words in commands() if "decode" in words):
        verb = [str(territory) if word == territory.name else word for word in words[words.index("hub") + 1 :]]
        code, stdout, stderr = call_hub(*verb, payload=words[1].encode())
        told.append((code, re.findall(r'"device": "(.+)"', stdout) or stderr.strip()))
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    (refusal,) = re.findall(r"^    (hub decode: .+)$", text, re.MULTILINE)
    assert told == [
        (0, ["shellypro3em-1", "shellypro3em-1"]),
        (1, refusal),
        (0, ["116181000001"]),
        (0, ["cellar"]),
    ]


def test_the_difference_shown_is_the_one_said(territory: Path, migrated_url: str) -> None:
    with connect(migrated_url) as connection:
        before = parse_territory(DEMO.read_text(encoding="utf-8"))
        apply_changes(connection, difference(read_territory(connection), before))
    code, stdout, stderr = call_hub("apply", str(territory), settings={"HUB_DATABASE_URL": migrated_url})
    assert (code, stderr) == (0, "")
    shown = re.findall(r"^    ([+~-] .+)$", (DOCS / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    assert re.sub("from .*Z", "from today", stdout).splitlines()[:-1] == [
        re.sub("from .*Z", "from today", line) for line in shown
    ]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """The `export` line of a demo that runs."""
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([HUB, "demo"], stderr=stderr, stdout=stderr, env=environment({}))
    try:
        wait_until(lambda: "going on live" in log.read_text() or process.poll() is not None, DEMO_TIMEOUT_S)
        (line,) = [line for line in log.read_text().splitlines() if line.startswith("export ")]
        yield line
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(DEMO_TIMEOUT_S)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="no mosquitto-clients here: the guide is not walked.")
def test_the_guide_is_walked_with_the_demo(demo: str, tmp_path: Path) -> None:
    listen, setup, *steps = (text for text in blocks(PAGE, "sh") if not text.startswith("    "))
    assert ("hub demo" in listen, "PATH" in setup) == (True, True)
    script = "\n".join(["set -e", demo, 'cp "$TERRITORY" territory.toml', *steps]).replace(
        UNREADABLE, f"! {UNREADABLE}"
    )
    path = {**environment({}), "PATH": f"{Path(HUB).parent}:{os.environ['PATH']}"}
    file = tmp_path / "steps.sh"
    file.write_text(script, encoding="utf-8")
    walked = subprocess.run(
        ["/bin/bash", file.name], cwd=tmp_path, env=path, capture_output=True, text=True, check=False
    )
    assert walked.returncode == 0, walked.stderr
    assert "1 message read again, 1 reading stored, 0 still refused" in walked.stdout
    assert re.search("^116181000001 .* school-roof$", walked.stdout, re.MULTILINE)
    assert "! device cellar has never been heard" in walked.stdout
    (page,) = re.findall(r"PAGE=(\S+)", demo)

    def cellar_wh() -> float:
        points = httpx.get(f"{page}/v1/communities/concarneau/points").raise_for_status().json()["points"]
        return sum(1000 * (point["import_kwh"] or 0) for point in points if point["point"] == "school-cellar")

    since_midnight = datetime.now(PARIS) - datetime.combine(datetime.now(PARIS), time.min, PARIS)
    whole = 225 if since_midnight > timedelta(hours=1) else 0
    settings = dict(word.split("=", 1) for word in shlex.split(demo)[1:])

    def all_is_there() -> bool:
        # A person is slower than this: the hub may have heard the cellar before it had taken over its site.
        assert call_hub("rejected", "replay", settings=settings)[0] == 0
        return cellar_wh() >= whole

    wait_until(all_is_there, DEMO_TIMEOUT_S)
    assert cellar_wh() % 75 == 0, "whole quarters of an hour"
