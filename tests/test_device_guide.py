"""The guide to adding a device: both languages give the same steps, and these do what it says."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from energy.territory import parse_territory
from hub.cli import parser
from hub.commands import COMMANDS
from store.connect import connect
from store.registry import apply_changes, difference, read_territory
from tests.hub_command import call_hub
from tests.test_guides import DOCS, ROOT, blocks

PAGE: Final = "add-a-device.md"
DEMO: Final = ROOT / "hub" / "demo" / "territory.toml"


def commands() -> list[list[str]]:
    """The words of each `hub` command, in order; what is piped into it comes first."""
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in lines if re.match(r"(echo .+ \| )?hub ", line)]


@pytest.fixture
def territory(tmp_path: Path) -> Path:
    """The territory of the demo with what the guide adds to it."""
    file = tmp_path / "territory.toml"
    added = [text for text in blocks(PAGE, "toml") if not text.startswith("    ")]
    assert len(added) == 2
    file.write_text("\n".join([DEMO.read_text(encoding="utf-8"), *added]), encoding="utf-8")
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
    told = []
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
    assert stdout.splitlines()[:-1] == shown
