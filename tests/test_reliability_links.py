"""Links that break, queues that grow and hubs that share the work: nothing is lost, nothing doubled, memory is bounded.

What is done, what is found and how long it takes is in docs/reliability.md.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from energy.time import PARIS
from hub.bench.blast import Blast, packet
from ingest.append import Appender
from ingest.broker import broker_at
from ingest.listen import Listener
from tests.conftest import AskForTemplate
from tests.databases import new_database
from tests.hub_process import LISTENING, Hub, addresses, count, running_hub, wait_until
from tests.link import Link, linked
from tests.publishing import CLIENT_ID, Row, forget_session, message, speaking, stored
from tests.reliability import (
    PATIENCE_S,
    SMALL,
    account,
    assert_all_once,
    assert_nothing_kept,
    chance,
    most_memory_mb,
    streaming,
    tick,
    wait_for_readings,
    wait_for_some_moment,
)
from tests.servers import Mosquitto, Postgres

TIMES: Final = 20
KEPT: Final = 100_000
MORE_MB: Final = 150
GROUP: Final = "hub"
WORKERS: Final = ("w1", "w2")
BEHIND: Final = 2000
"""Readings that come late, repeated and out of order."""
LAST: Final = 20
pytestmark = pytest.mark.slow


@pytest.fixture
def link(mosquitto: Mosquitto) -> Iterator[Link]:
    """What lies between the hub and its broker."""
    with linked(mosquitto.port) as opened:
        yield opened


def test_a_link_cut_again_and_again(link: Link, migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """With messages under way and unacknowledged: reset in the middle of a packet, or silent before it is reset.

    After a silence the broker still holds the old connection when the new one comes.
    """
    luck = chance()
    settings = {**addresses(migrated_url, mosquitto), **SMALL, "mqtt_url": f"mqtt://127.0.0.1:{link.port}"}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub:
        with streaming(mosquitto.port, is_troubled=True) as stream:
            for time_no in range(TIMES):
                kind = luck.choice(("cut", "silence"))
                link.break_after(luck.randrange(1, 60_000), kind)
                wait_until(lambda broken=time_no + 1: link.broken == broken, "broken link", PATIENCE_S)
                if kind == "silence":
                    published = len(stream.said) + luck.randrange(1, 600)
                    wait_until(lambda end=published: len(stream.said) >= end, "stream that goes on", PATIENCE_S)
                    link.end_silence()
                hub.wait_for(LISTENING, times=time_no + 2)
            stream.finish()
        assert_all_once(migrated_url, stream)
        assert count(migrated_url, "rejected_message") == len(stream.broken)
        assert hub.said.count("the broker is gone") >= TIMES
        assert hub.terminate() == 0
    assert_nothing_kept(mosquitto.port)


def test_a_link_that_is_silent_for_good_is_given_up(
    link: Link, migrated_url: str, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody tells the listener: it misses the answer to its own question, and comes again by a new connection."""
    monkeypatch.setattr("ingest.client.KEEPALIVE_S", 2)
    listener = Listener(broker_at(f"mqtt://127.0.0.1:{link.port}", CLIENT_ID), migrated_url, Appender(), PARIS)
    with streaming(mosquitto.port) as stream:
        listener.start()
        before = len(stream.said)
        link.break_after(20_000, "silence")
        wait_until(lambda: not listener.is_connected, "doubt about the link", PATIENCE_S)
        wait_until(lambda: listener.is_connected, "new connection", PATIENCE_S)
        stream.finish()
        missed = {tick(number) for number in range(before, len(stream.said))}
        wait_until(lambda: missed <= set(stored(migrated_url)), "all that was published meanwhile", PATIENCE_S)
        listener.check()
        listener.stop()
    assert count(migrated_url, "reading_revision") == 0
    assert set(stored(migrated_url)) <= set(stream.said)
    assert_nothing_kept(mosquitto.port)


def test_a_hundred_thousand_messages_wait_for_the_hub(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """All are stored once it is back, and it needs no memory for what the broker still holds."""
    settings = addresses(migrated_url, mosquitto)
    rows = [tick(number) for number in range(KEPT)]
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as hub:
        with speaking(mosquitto.port) as speaker:
            speaker.publish(*message(tick(KEPT)))
            wait_for_readings(migrated_url, 1)
        usual_mb = most_memory_mb(hub)
        assert hub.terminate() == 0
        Blast(mosquitto.port).publish([packet(number, message(row)) for number, row in enumerate(rows)])
        hub.start()
        wait_for_readings(migrated_url, KEPT + 1)
        more_mb = most_memory_mb(hub) - usual_mb
        assert hub.terminate() == 0
    assert stored(migrated_url) == sorted([*rows, tick(KEPT)])
    assert count(migrated_url, "reading_revision") == 0
    assert more_mb < MORE_MB
    print(f"{more_mb:.0f} MB more than {usual_mb:.0f} MB")
    assert_nothing_kept(mosquitto.port)


def workers(stack: ExitStack, url: str, broker: Mosquitto, folder: Path, names: tuple[str, ...]) -> list[Hub]:
    """Hubs that share one stream of messages between them."""
    settings = {**addresses(url, broker), **SMALL, "mqtt_group": GROUP}
    return [
        stack.enter_context(
            running_hub(
                "ingest",
                log=folder / f"{name}.log",
                settings={**settings, "mqtt_client_id": name, "mqtt_in_order": name == WORKERS[0]},
            )
        )
        for name in names
    ]


def test_one_of_two_workers_killed_again_and_again(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """What it had not acknowledged, and its share of what came meanwhile, waits until it is back under its name."""
    luck = chance()
    with ExitStack() as stack:
        hubs = workers(stack, migrated_url, mosquitto, tmp_path, WORKERS)
        with streaming(mosquitto.port, is_troubled=True) as stream:
            for _ in range(TIMES // 2):
                killed = luck.choice(hubs)
                wait_for_some_moment(luck, migrated_url, stream)
                killed.kill()
                killed.start()
            stream.finish()
        assert_all_once(migrated_url, stream)
        wait_until(lambda: count(migrated_url, "rejected_message") == len(stream.broken), "whole quarantine")
        assert [hub.terminate() for hub in hubs] == [0, 0]
    for name in WORKERS:
        assert_nothing_kept(mosquitto.port, name)


def disordered(luck: random.Random) -> list[Row]:
    """Readings as bad links and batteries deliver them: in any order, hours late, some of them three times."""
    rows = [tick(number) for number in range(BEHIND)]
    rows += luck.choices(rows, k=BEHIND // 2)
    luck.shuffle(rows)
    # The broker deals them out in turn: once these are stored, each worker has read everything before.
    return rows + [tick(BEHIND + number) for number in range(LAST)]


def test_the_order_between_two_workers_does_not_matter(
    database_server: Postgres, ask_for_template: AskForTemplate, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The same messages through one worker and through two give the same readings."""
    for name in WORKERS:
        forget_session(mosquitto.port, name)  # of another test: a worker that is away keeps its share
    rows = disordered(chance())
    found: list[list[Row]] = []
    shares: list[list[int]] = []
    for names in (WORKERS[:1], WORKERS):
        with ExitStack() as stack:
            url = stack.enter_context(new_database(database_server, ask_for_template(database_server)))
            hubs = workers(stack, url, mosquitto, tmp_path, names)
            with speaking(mosquitto.port) as speaker:
                for row in rows:
                    speaker.publish(*message(row))
                speaker.finish()
            wait_for_readings(url, len(set(rows)))
            assert [hub.terminate() for hub in hubs] == [0] * len(names)
            assert count(url, "reading_revision") == 0
            found.append(stored(url))
            shares.append([account(hub).messages for hub in hubs])
    assert found[0] == found[1] == sorted(set(rows))
    assert [sum(share) for share in shares] == [len(rows)] * 2, "each message was read by one worker"
    assert min(shares[1]) > len(rows) // 4, "both had work"
    for name in WORKERS:
        assert_nothing_kept(mosquitto.port, name)
