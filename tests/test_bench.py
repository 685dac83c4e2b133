"""`hub bench`: the figures it gives, the messages it publishes, and that nothing is left of it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from energy.model import REGISTERS, Message, Reading
from hub.bench import servers
from hub.bench.ingest import LABELS, table
from hub.bench.messages import BEGIN, TEMPLATES, Template, mixed_messages
from ingest.decode import Decoder
from tests.hub_command import HUB, TIMEOUT_S, call_hub, environment, refused
from tests.hub_process import wait_until

BENCH: Final = ("bench", "ingest")
SMALL: Final = (*BENCH, "--messages", "2000", "--rounds", "1")
KEYS: Final = ["rate", "client_rate", "ratio", "cpu_us", "p50_ms", "p95_ms", "p99_ms", "peak_mb", "memory_mb"]
PATHS: Final = f"{os.environ['PATH']}:{servers.ADMIN}"
needs_mosquitto = pytest.mark.skipif(
    shutil.which("mosquitto", path=PATHS) is None and os.environ.get("HUB_TEST_REQUIRE_SERVERS") != "1",
    reason="Not tested, for want of a server: mosquitto; run `make servers`.",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for temporary files that the database's own user may enter too."""
    made = Path(tempfile.mkdtemp(prefix="enercommons-bench-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def start(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Run the bench in a session of its own, with its temporary files in a folder."""
    return subprocess.Popen(
        [HUB, *words],
        env=environment({"TMPDIR": str(folder)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(folder: Path) -> list[str]:
    """Processes that were started with their temporary files in a folder, or that have it in their command."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, variables = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or belongs to somebody else
        if str(folder).encode() in words + variables:
            found.append(words.replace(b"\0", b" ").decode())
    return found


def is_clean(folder: Path) -> bool:
    """Whether nothing is left; the wheel of PostgreSQL keeps one empty lock for all that ever run it."""
    return not processes_of(folder) and {path.name for path in folder.iterdir()} <= {".lockfile"}


@needs_mosquitto
@pytest.mark.slow
def test_the_figures_are_those_documented_and_can_be_true(folder: Path) -> None:
    bench = start(folder, *SMALL, "--json")
    stdout, stderr = bench.communicate(timeout=2 * TIMEOUT_S)
    assert bench.returncode == 0, stderr
    assert is_clean(folder), "nothing is left of it"
    figures = json.loads(stdout)
    assert list(figures) == KEYS
    memory_mb = figures.pop("memory_mb")
    assert all(value > 0 for value in (*figures.values(), *memory_mb)), figures
    assert figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert max(memory_mb) <= 1.05 * figures["peak_mb"]
    assert figures["ratio"] == pytest.approx(figures["rate"] / figures["client_rate"], rel=0.01)
    assert len(table(figures).splitlines()) == len(LABELS)


@needs_mosquitto
@pytest.mark.slow
@pytest.mark.parametrize("whom", ["the terminal", "the bench alone"])
def test_an_interruption_leaves_nothing(folder: Path, whom: str) -> None:
    bench = start(folder, *BENCH, "--messages", "20000")
    try:
        wait_until(lambda: any("hub.bench.subscriber" in words for words in processes_of(folder)), "subscriber")
        (os.killpg if whom == "the terminal" else os.kill)(bench.pid, signal.SIGINT)
        stdout, stderr = bench.communicate(timeout=TIMEOUT_S)
    finally:
        bench.kill()
    assert (bench.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    wait_until(lambda: is_clean(folder), "end of all that it started")


@pytest.mark.parametrize(
    "words", [("--messages", "999"), ("--messages", "-5"), ("--rounds", "0"), ("--rounds", "-1")], ids=" ".join
)
def test_too_little_to_measure_anything(words: tuple[str, ...]) -> None:
    assert refused(*BENCH, *words) == "the bench needs at least 1000 messages and one round"


def test_without_mosquitto_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "ADMIN", str(tmp_path))
    code, stdout, stderr = call_hub(*SMALL, settings={"PATH": str(tmp_path)})
    assert (code, stdout) == (1, "")
    assert stderr == "hub bench: the bench needs mosquitto: as root, apt-get install mosquitto (or make servers)\n"


def readings_of(template: Template, wh: int) -> list[Reading]:
    topic, payload = template(7, wh, BEGIN)
    return Decoder().decode(Message(topic, payload.encode(), BEGIN))


@pytest.mark.parametrize("number", range(len(TEMPLATES)))
def test_every_template_gives_readings_and_its_registers_grow(number: int) -> None:
    template = TEMPLATES[number]
    before, after = (readings_of(template, wh) for wh in (1_000_000, 1_000_500))
    assert before
    assert [r.quantity for r in before] == [r.quantity for r in after]
    grown = [b.value - a.value for a, b in zip(before, after, strict=True) if a.quantity in REGISTERS]
    assert not grown or (min(grown) >= 0 and max(grown) >= 500)


@pytest.mark.parametrize("devices", [200, 7, 1])
def test_all_messages_are_different_and_none_is_refused(devices: int) -> None:
    messages = list(mixed_messages(5000, devices) if devices > 1 else mixed_messages(1600, devices))
    assert len(set(messages)) == len(messages)
    decoder = Decoder()
    assert all(decoder.decode(Message(topic, payload, BEGIN)) for topic, payload in messages)


def test_the_mix_is_of_a_dozen_dialects_each_as_often_all_along() -> None:
    decoder, places = Decoder(), len(TEMPLATES)
    dialects = [decoder.decode(Message(t, p, BEGIN))[0].dialect for t, p in mixed_messages(40 * places)]
    turns = [Counter(dialects[first : first + places]) for first in range(0, len(dialects), places)]
    assert len(turns[0]) == 12
    assert all(turn == turns[0] for turn in turns), "whoever stops early has heard everybody"


def test_half_the_topics_hold_a_single_value_as_in_real_life() -> None:
    messages = list(mixed_messages(3200))
    single = sum(payload.count(b":") <= 1 for _, payload in messages)
    assert 0.4 <= single / len(messages) <= 0.6
    sizes = [len(payload) for _, payload in messages]
    assert 100 < sum(sizes) / len(sizes) < 300


def test_devices_speak_again_after_ten_seconds() -> None:
    turn = len(TEMPLATES) * 3
    messages = list(mixed_messages(2 * turn, 3))
    assert [topic for topic, _ in messages[:turn]] == [topic for topic, _ in messages[turn:]]
    stamps = {json.loads(payload)["at"] for topic, payload in messages if topic.startswith("hub/v1/")}
    assert stamps == {"2026-06-01T10:00:00Z", "2026-06-01T10:00:10Z"}
