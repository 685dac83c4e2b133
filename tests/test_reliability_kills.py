"""Twenty kills of each part under load, at moments that nobody chose: every reading is stored once all the same.

What is done, what is found and how long it takes is in docs/reliability.md.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import enter_or_do_without
from tests.databases import MIGRATED, make_migrated_template, new_database
from tests.hub_process import LISTENING, Hub, addresses, ask, count, running_hub, wait_until
from tests.publishing import FIRST, Row, message, speaking, stored
from tests.reliability import (
    PATIENCE_S,
    SMALL,
    account,
    assert_all_once,
    assert_nothing_kept,
    chance,
    streaming,
    wait_for_some_moment,
)
from tests.servers import Mosquitto, running_postgres

TIMES: Final = 20
CALM: Final = 3
"""Readings at a tick where the broker is restarted: it delivers most of its queue twice then."""
AUTOSAVE: Final = "autosave_on_changes true\nautosave_interval 100\n"
"""mosquitto writes its store after so many changes: some ten times a second here."""
SOME: Final = 600
LAST: Final[Row] = ("last", FIRST, 1)

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(migrated_url: str, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Hub]:
    settings = {**addresses(migrated_url, mosquitto), **SMALL}
    with running_hub("ingest", log=tmp_path / "hub.log", settings=settings) as running:
        yield running


def test_a_hub_killed_again_and_again(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """One message in ten is said twice and one in ten is unreadable; some lives end before the hub listens."""
    luck, caught_at_work = chance(), 0
    with streaming(mosquitto.port, is_troubled=True) as stream:
        for _ in range(TIMES):
            wait_for_some_moment(luck, migrated_url, stream, hub)
            published = len(stream.taken())
            hub.kill()
            caught_at_work += count(migrated_url, "reading") < published
            hub.start(until="")
        stream.finish()
    assert_all_once(migrated_url, stream)
    wait_until(lambda: count(migrated_url, "rejected_message") == len(stream.broken), "whole quarantine", PATIENCE_S)
    assert hub.terminate() == 0
    refused = ask(migrated_url, "SELECT payload, times FROM rejected_message")
    assert {payload for payload, _ in refused} == set(stream.broken)
    twice = sum(times - 1 for _, times in refused)
    assert twice <= TIMES * SMALL["mqtt_in_flight"], "only what was in hand came again"
    assert caught_at_work >= TIMES // 2, "it was killed with work in hand"
    assert_nothing_kept(mosquitto.port)


def test_a_database_killed_again_and_again(mosquitto: Mosquitto, tmp_path: Path, no_server_left: None) -> None:
    """Its main process gets SIGKILL and is started again; the hub stays, and goes on by itself."""
    luck = chance()
    with ExitStack() as stack:
        server = enter_or_do_without(stack, running_postgres("wheel-16"))
        make_migrated_template(server)
        url = stack.enter_context(new_database(server, MIGRATED))
        settings = {**addresses(url, mosquitto), **SMALL}
        hub = stack.enter_context(running_hub("ingest", log=tmp_path / "hub.log", settings=settings))
        with streaming(mosquitto.port, is_troubled=True) as stream:
            for _ in range(TIMES):
                wait_for_some_moment(luck, url, stream)
                server.process.kill()
                server.process.start()
            stream.finish()
        assert_all_once(url, stream)
        assert count(url, "rejected_message") == len(stream.broken)
        assert hub.said.count("nothing is acknowledged until it is back") >= TIMES // 2, "it was hit while it wrote"
        assert "Traceback" not in hub.said
        assert hub.terminate() == 0
    assert_nothing_kept(mosquitto.port)


def test_a_broker_restarted_again_and_again(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """SIGTERM, as a service manager does it: mosquitto writes its store. Devices resend what it has not answered."""
    luck = chance()
    with streaming(mosquitto.port, is_troubled=True, per_tick=CALM) as stream:
        for time_no in range(TIMES):
            hub.wait_for(LISTENING, times=time_no + 1)
            wait_for_some_moment(luck, migrated_url, stream, hub)
            mosquitto.process.stop()
            mosquitto.process.start()
        stream.finish()
    assert_all_once(migrated_url, stream)
    assert count(migrated_url, "rejected_message") == len(stream.broken)
    assert hub.said.count("the broker is gone") >= TIMES
    assert "Traceback" not in hub.said
    assert hub.terminate() == 0
    assert_nothing_kept(mosquitto.port)


def test_a_broker_killed_again_and_again(hub: Hub, migrated_url: str, mosquitto: Mosquitto) -> None:
    """SIGKILL: the hub stores all that it is given, once, and goes on by itself.

    What mosquitto had taken and not yet handed over may be lost with it: no hub can help that. Seen on the wire,
    mosquitto 2.0.11 now and then also forgets messages that it had saved, so that nothing is expected of them here.
    """
    luck = chance()
    configuration = mosquitto.directory / "mosquitto.conf"
    mosquitto.process.stop()
    configuration.write_text(configuration.read_text() + AUTOSAVE)
    mosquitto.process.start()
    with streaming(mosquitto.port, per_tick=CALM) as stream:
        for time_no in range(TIMES):
            hub.wait_for(LISTENING, times=time_no + 1)
            wait_for_some_moment(luck, migrated_url, stream, hub)
            mosquitto.process.kill()
            mosquitto.process.start()
        hub.wait_for(LISTENING, times=TIMES + 1)
        after_the_last = len(stream.said)
        wait_until(lambda: len(stream.said) >= after_the_last + SOME, "stream that goes on", PATIENCE_S)
        stream.finish()
    with speaking(mosquitto.port) as speaker:
        speaker.publish(*message(LAST))
        wait_until(lambda: stored_of(migrated_url, LAST[0]), "message that came after all others", PATIENCE_S)
    assert hub.terminate() == 0
    there = [row for row in stored(migrated_url) if row != LAST]
    lost = set(stream.said) - set(there)
    print(f"{len(lost)} of {len(stream.said)} were lost with the broker")
    assert len(there) == len(set(there))
    assert set(there) <= set(stream.said)
    assert count(migrated_url, "reading_revision") == 0
    said = account(hub)
    assert said.messages == said.stored + said.repeated, "what it was given it has stored"
    assert said.stored == len(there) + 1
    assert set(stream.said[after_the_last:]) <= set(there), "what came after the last kill"
    assert len(lost) < len(stream.said) // 10
    assert hub.said.count("the broker is gone") >= TIMES
    assert_nothing_kept(mosquitto.port)


def stored_of(url: str, device: str) -> bool:
    """Whether a device is known."""
    return ask(url, "SELECT FROM device WHERE id = %s", device) != []
