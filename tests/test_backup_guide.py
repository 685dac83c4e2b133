"""The guide to backups: the same commands in both languages, understood by the hub and by systemd."""

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from hub.cli import parser
from tests.test_guides import blocks

UNITS: Final = {"[Unit]": "hub-backup.service", "[Timer]": "hub-backup.timer"}


def test_both_languages_give_the_same_commands() -> None:
    assert len(blocks("backup.md")) > 10
    assert blocks("backup.md") == blocks("backup.fr.md")


def test_the_hub_understands_its_commands() -> None:
    lines = [line for block in blocks("backup.md", "sh") for line in block.replace("\\\n", "").splitlines()]
    words = [shlex.split(line) for line in lines if "hub backup " in line or "hub restore " in line]
    verbs = [word for line in words for word in line if word in ("backup", "restore")]
    parsed = [parser().parse_args(line[line.index(verb) :]) for line, verb in zip(words, verbs, strict=True)]
    assert [arguments.command for arguments in parsed] == verbs
    assert verbs.count("restore") == 3


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    units = {
        UNITS[block.split("\n", 1)[0]]: block for block in blocks("backup.md", "ini") if block.startswith(tuple(UNITS))
    }
    assert set(units) == set(UNITS.values())
    for name, text in units.items():
        (tmp_path / name).write_text(text.replace("/opt/enercommons/.venv/bin/hub", "hub"))
    said = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / name) for name in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
