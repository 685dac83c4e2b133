"""The guide to a deployment: commands that exist, the same in both languages, and settings read before logins."""

import re
from pathlib import Path

import pytest

from hub.cli import parser
from tests.test_deploy import ROOT, SERVICES


def commands(path: Path) -> list[list[str]]:
    """Every `hub ...` in the shell blocks of a page, as words."""
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [re.search(r"(?:^|/bin/|migrate |ingest )hub ([a-z].+)$", line) for line in lines]
    return [match[1].partition(" >> ")[0].split() for match in found if match is not None]


@pytest.mark.parametrize("page", ["deploy.md", "deploy.fr.md", "backup.md", "backup.fr.md"])
def test_a_login_is_read_after_the_settings_of_all(page: str) -> None:
    """By hand and in units: else `hub retention` would tell of other days than those by which `hub process` removes."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    folder = "/etc/enercommons"
    by_hand = re.findall(rf"^set -a && \. {folder}/hub\.env && \. {folder}/(\w+)\.env && set \+a$", text, re.MULTILINE)
    in_units = re.findall(
        rf"^EnvironmentFile={folder}/hub\.env\nEnvironmentFile={folder}/(\w+)\.env$", text, re.MULTILINE
    )
    assert set(by_hand + in_units) <= {"owner", "ingest"}
    assert len(by_hand) == text.count("set -a && ") - text.count("(set -a && . /etc/enercommons/passwords.env") > 0
    assert 2 * len(in_units) == text.count("EnvironmentFile=")


@pytest.mark.parametrize("page", ["deploy.md", "deploy.fr.md", "grafana.md"])
def test_the_guide_gives_commands_that_exist(page: str) -> None:
    given = commands(ROOT / "docs" / page)
    assert given
    for words in given:
        assert parser().parse_args(words).command


def test_the_guide_names_every_service_and_port_in_both_languages() -> None:
    for page in ("deploy.md", "deploy.fr.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert all(f"`{name}`" in text for name in SERVICES), page
        assert all(port in text for port in ("8000", "1883", "8883", "3000", "5432")), page


def test_both_languages_give_the_same_commands() -> None:
    english, french = (
        re.findall(r"```(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
        for page in ("deploy.md", "deploy.fr.md")
    )
    assert english == french
