"""`hub bench ingest`: how fast messages become committed readings, beside a paho client that does nothing with them.

Each round publishes the same messages once to a bare subscriber and once to the hub's listener, each a process of its
own, with mosquitto, PostgreSQL and the publisher on the same machine. A last round publishes slowly and tells how long
a message takes to be committed.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from energy.errors import InvalidInput, Unavailable
from hub.bench.blast import Blast, packet
from hub.bench.messages import mixed_messages
from hub.bench.servers import migrated_postgres, mosquitto
from hub.settings import Settings, environment_with
from store.connect import connect

FEWEST: Final = 1000
SLOW_RATE: Final = 1000.0
"""Messages per second of the round that measures delays."""
SLOW_SHARE: Final = 10
SLOW_MOST: Final = 20_000
"""That round has one in so many of the messages, and at most so many."""
OLD: Final = "36500"
"""The messages carry stamps of their own, of a fixed day."""
LABELS: Final = {
    "rate": "messages/s until all are committed and acknowledged",
    "client_rate": "messages/s of a bare paho subscriber",
    "ratio": "of the two",
    "cpu_us": "CPU of ingest per message [us]",
    "p50_ms": f"publish to committed at {SLOW_RATE:.0f} messages/s, median [ms]",
    "p95_ms": "the same, 95 of 100 [ms]",
    "p99_ms": "the same, 99 of 100 [ms]",
    "peak_mb": "most memory of ingest [MB]",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One subscriber that has heard everything.

    `delays_s` from publish to committed, in order; `memory_mb` at each tenth of the way.
    """

    rate: float
    cpu_us: float
    delays_s: Sequence[float]
    peak_mb: float
    memory_mb: Sequence[float]


def measure(settings: Settings, messages: int, rounds: int) -> dict[str, Any]:
    """Run the bench; the figures of speed are medians over the rounds.

    Returns:
        rate, client_rate [1/s], ratio, cpu_us, p50_ms, p95_ms, p99_ms, peak_mb; and memory_mb at each tenth of the
        longest run.

    Raises:
        InvalidInput: too few messages or rounds.
        Unavailable: no mosquitto.
    """
    if messages < FEWEST or rounds < 1:
        raise InvalidInput(f"the bench needs at least {FEWEST} messages and one round")
    packets = [packet(number, publication) for number, publication in enumerate(mixed_messages(messages))]
    with mosquitto(settings.mqtt_in_flight) as port, migrated_postgres() as url:

        def run(kind: str, sent: Sequence[bytes], rate: float | None = None) -> Run:
            return _run(kind, sent, rate, _environment(url, port, settings), port, lambda: _check(url, len(sent), kind))

        bare, hub = [], []
        for _ in range(rounds):
            _empty(url)
            bare.append(run("bare", packets))
            hub.append(run("hub", packets))
        _empty(url)
        slow = run("hub", packets[: max(min(messages // SLOW_SHARE, SLOW_MOST), FEWEST)], SLOW_RATE)
    rate, client_rate = median(r.rate for r in hub), median(r.rate for r in bare)
    return {
        "rate": round(rate),
        "client_rate": round(client_rate),
        "ratio": round(median(h.rate / b.rate for h, b in zip(hub, bare, strict=True)), 3),
        "cpu_us": round(median(r.cpu_us for r in hub), 1),
        **{f"p{share}_ms": round(1000 * _percentile(slow.delays_s, share), 1) for share in (50, 95, 99)},
        "peak_mb": round(max(r.peak_mb for r in hub)),
        "memory_mb": [round(mb) for mb in hub[-1].memory_mb],
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{figures[key]:>10}  {label}" for key, label in LABELS.items())


def _run(
    kind: str,
    packets: Sequence[bytes],
    rate: float | None,
    environment: dict[str, str],
    port: int,
    check: Callable[[], None],
) -> Run:
    command = [sys.executable, "-m", "hub.bench.subscriber", kind, str(len(packets))]
    # Ctrl-C is for the bench, which then ends its servers and subscribers in order.
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as subscriber:
        assert subscriber.stdout is not None
        try:
            if not subscriber.stdout.readline():
                raise Unavailable(f"the {kind} subscriber of the bench did not start; its last words are above")
            blast = Blast(port)
            blast.publish(packets, rate)
            told = subscriber.stdout.readline()
        finally:
            if subscriber.poll() is None:
                subscriber.terminate()
    if not told:
        raise Unavailable(f"the {kind} subscriber of the bench ended early; its last words are above")
    check()
    result = json.loads(told)
    marks = [(0, 0.0), *((count, at) for count, at in result["marks"])]
    delays_s = [
        at - blast.sent_at[number] for (before, _), (count, at) in pairwise(marks) for number in range(before, count)
    ]
    return Run(
        rate=len(packets) / (marks[-1][1] - blast.sent_at[0]),
        cpu_us=1e6 * result["cpu_s"] / len(packets),
        delays_s=sorted(delays_s),
        peak_mb=result["peak_kb"] / 1000,
        memory_mb=[kb / 1000 for kb in result["memory_kb"]],
    )


def _environment(url: str, port: int, settings: Settings) -> dict[str, str]:
    return environment_with(
        database_url=url,
        mqtt_url=f"mqtt://127.0.0.1:{port}",
        mqtt_in_flight=settings.mqtt_in_flight,
        batch=settings.batch,
        oldest_days=OLD,
        mqtt_client_id=f"bench-{secrets.token_hex(4)}",
    )


def _check(url: str, messages: int, kind: str) -> None:
    """What was measured must have been done: every message gives readings, and none is refused."""
    if kind == "bare":
        return
    with connect(url) as connection:
        (readings, refused), *_ = connection.execute(
            "SELECT (SELECT count(*) FROM reading), (SELECT count(*) FROM rejected_message)"
        ).fetchall()
    if readings < messages or refused:
        raise Unavailable(f"the bench stored {readings} readings of {messages} messages and refused {refused}")


def _empty(url: str) -> None:
    with connect(url) as connection:
        connection.execute("TRUNCATE reading, reading_revision, series, device, stale, rejected_message CASCADE")


def _percentile(ordered: Sequence[float], share: int) -> float:
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)]
