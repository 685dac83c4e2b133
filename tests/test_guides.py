"""The guides to the command and to the interface give examples that work, the same in both languages; links lead."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from energy.proposals import parse_proposals
from energy.territory import parse_territory
from energy.time import PARIS, STEP
from hub.cli import parser
from hub.commands import COMMANDS
from hub.demo.territory import territory_text
from tests.conftest import AskForTemplate
from tests.filled_hub import filled_hub
from tests.hub_command import call_hub
from tests.servers import Postgres

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:8000(/[^\s\"]*)")


def blocks(page: str, kind: str = r"\w+") -> list[str]:
    """The fenced and indented blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        match[1] or match[2] for match in re.finditer(rf"```{kind}\n(.*?)```|^((?:    [^\n]+\n)+)", text, re.M | re.S)
    ]


@pytest.fixture(scope="module")
def hub(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[httpx.Client]:
    with filled_hub(database_server, ask_for_template(database_server)) as client:
        yield client


@pytest.mark.parametrize("page", ["cli", "api"])
def test_both_languages_give_the_same_examples(page: str) -> None:
    assert blocks(f"{page}.md")
    assert blocks(f"{page}.md") == blocks(f"{page}.fr.md")


def test_every_command_has_an_example_that_is_understood() -> None:
    lines = [line for block in blocks("cli.md", "sh") for line in block.splitlines() if "hub " in line]
    commands = [shlex.split(line.rpartition("| ")[2].partition(" > ")[0]) for line in lines if line[0] != " "]
    words = [command[command.index("hub") + 1 :] for command in commands]
    assert {parser().parse_args(some).command for some in words} == set(COMMANDS)


@pytest.mark.parametrize("page", ["cli.md", "cli.fr.md"])
def test_every_command_has_a_paragraph(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"**`{name}`**" not in text] == []


def test_the_files_shown_can_be_replayed_and_the_message_decoded(tmp_path: Path, free_port: int) -> None:
    shown = [block for block in blocks("cli.md") if block.startswith("    ")]
    for text in shown:
        file = tmp_path / "file"
        file.write_text("\n".join(line.strip() for line in text.splitlines()))
        code, _, stderr = call_hub("replay", str(file), settings={"HUB_MQTT_URL": f"mqtt://127.0.0.1:{free_port}"})
        assert (code, "the MQTT broker" in stderr) == (1, True), "only the broker is missing"
    assert len(shown) == 2
    example = next(block for block in blocks("cli.md", "sh") if block.startswith("echo"))
    words = shlex.split(example.splitlines()[0])
    code, stdout, _ = call_hub(*words[-2:], payload=words[1].encode())
    assert (code, '"value": 1234567,' in stdout) == (0, True)


@pytest.mark.parametrize("path", sorted(set(ADDRESS.findall((DOCS / "api.md").read_text(encoding="utf-8")))))
def test_every_address_shown_is_answered(hub: httpx.Client, path: str) -> None:
    if urlsplit(path).path.endswith("/live"):
        with hub.stream("GET", path.replace("concarneau", "quarterly")) as answer:
            assert answer.status_code == 200
    else:
        assert hub.get(path.replace("concarneau", "quarterly")).status_code == 200


def test_the_sentence_shown_is_the_one_said(hub: httpx.Client) -> None:
    (shown,) = re.findall(r'"detail": "(.+)"', (DOCS / "api.md").read_text(encoding="utf-8"))
    said = hub.get("/v1/communities/halfhourly/balance?step=15min").json()["detail"]
    assert said == shown.replace("mornant", "halfhourly")


def test_the_description_served_is_the_one_written(hub: httpx.Client) -> None:
    written = (DOCS / "openapi.json").read_bytes()
    assert hub.get("/openapi.json").json() == httpx.Response(200, content=written).json()


def test_every_link_between_pages_leads_somewhere() -> None:
    # What is under tools becomes a page of docs, from where its links are followed.
    pages = [
        page
        for page in ROOT.rglob("*.md")
        if not any(part == "tools" or part.startswith(".") for part in page.relative_to(ROOT).parts)
    ]
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(links) > len(pages)
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page, link in links
        if not urlsplit(link).scheme and not (page.parent / urlsplit(link).path).exists()
    ]
    assert broken == []


def test_the_key_shown_for_the_demo_is_one_of_its_community() -> None:
    """Every command shown is of that community, and its file names no other's members."""
    demo = parse_territory(territory_text(date(2026, 11, 23)), "territory.toml")
    members = {one.point for one in demo.memberships if one.community == "concarneau"}
    roles = {point.id: point.role for point in demo.points if point.id in members}
    for page in ("demo.md", "demo.fr.md"):
        (keys,) = blocks(page, "toml")
        assert len(keys.splitlines()) == 3
        assert len(parse_proposals(keys, "keys.toml", PARIS, STEP, roles)) == 1
        assert [line.split()[2] for block in blocks(page, "sh") for line in block.splitlines()] == ["concarneau"] * 2


def numbers(page: Path, thousands: str, decimal: str) -> Counter[str]:
    """The numbers of the prose of a page, written alike; whole hours (10:00, 10 h) as hours."""
    prose = re.sub(r"(?s:```.*?```)|`[^`]*`|(?m:^    .*$)|:00", "", page.read_text(encoding="utf-8"))
    plain = re.sub(rf"(?<=\d)[{thousands}](?=\d{{3}}\b)", "", prose)
    return Counter(re.findall(r"\d+(?:\.\d+)?", re.sub(rf"(?<=\d){decimal}(?=\d)", ".", plain)))


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.fr.md")), ids=lambda page: page.name)
def test_both_languages_say_the_same_numbers(page: Path) -> None:
    english = page.with_name(page.name.replace(".fr.md", ".md"))
    assert numbers(english, ",", r"\.") == numbers(page, r"\s", ",")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.fr.md")), ids=lambda page: page.name)
def test_french_pages_break_no_line_before_a_colon_and_have_one_word_for_the_broker(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^ *[:;?!](?: .*)?$", text, re.MULTILINE) == []
    assert "courtier" not in text.lower()
