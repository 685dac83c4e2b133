"""What was refused: shown, written to a file, and read again after a fix."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TextIO

import psycopg
from msgspec.structs import replace

from energy.errors import UndecodableMessage
from energy.model import Message
from energy.time import rfc3339
from ingest.append import Appender
from ingest.decode import Decoder, unwrap
from ingest.plausible import split_plausible
from store import readings as store
from store.kept import read_kept
from store.rejected import (
    QuarantinedMessage,
    RejectedReading,
    quarantined_messages,
    quarantined_readings,
    refusals,
    release_messages,
    release_readings,
    write_reasons,
)
from store.sites import read_sites

REASON_WIDTH: Final = 100
NOTHING_THERE: Final = "nothing is in quarantine"


@dataclass(slots=True)
class Replayed:
    """What a replay has done."""

    messages: int = 0
    readings: int = 0
    still_refused: int = 0


def summary(connection: psycopg.Connection, topic: str) -> str:
    """A table for people: what is in quarantine by topic and reason, the latest first."""
    rows = refusals(connection, topic)
    if not rows:
        return NOTHING_THERE
    lines = [("times", "last heard", "topic or device", "why")]
    lines += [(str(r.times), rfc3339(r.last_at.replace(microsecond=0)), r.topic, _short(r.reason)) for r in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return "\n".join(
        f"{times:>{widths[0]}}  {last:<{widths[1]}}  {name:<{widths[2]}}  {why}" for times, last, name, why in lines
    )


def export(connection: psycopg.Connection, topic: str, to: TextIO) -> int:
    """Write the messages in quarantine as JSON lines, in the form that `hub replay` reads; return how many."""
    written = 0
    for batch in quarantined_messages(connection, topic):
        for kept in batch:
            to.write(json.dumps(_exported(kept), ensure_ascii=False) + "\n")
        written += len(batch)
    return written


def replay(connection: psycopg.Connection, appender: Appender, topic: str, oldest: timedelta) -> Replayed:
    """Read everything in quarantine again with the dialects, the site map and the bounds of now.

    What can be read is stored and leaves the quarantine in one transaction; the rest stays, with its present reason.
    """
    done = Replayed()
    decoder = Decoder(read_sites(connection), read_kept(connection))
    for batch in quarantined_messages(connection, topic):
        reasons = {kept.digest: _refusal(kept.message, decoder) for kept in batch}
        good = [kept for kept in batch if reasons[kept.digest] is None]
        with connection.transaction():
            release_messages(connection, [kept.digest for kept in good])
            stored = appender.counts.stored
            appender.append(connection, [message for kept in good for message in _heard(kept)])
            write_reasons(connection, {digest: reason for digest, reason in reasons.items() if reason is not None})
        done.messages += len(good)
        done.readings += appender.counts.stored - stored
        done.still_refused += len(batch) - len(good)
    _replay_readings(connection, topic, oldest, done)
    return done


def _refusal(message: Message, decoder: Decoder) -> str | None:
    """Why a message still cannot be read, or None."""
    try:
        for part in unwrap(message):
            decoder.decode(part)
    except UndecodableMessage as error:
        return error.reason
    return None


def _heard(kept: QuarantinedMessage) -> Iterator[Message]:
    """The message as it was first heard, and again as it was last: between, nobody counted."""
    yield kept.message
    if kept.times > 1:
        yield replace(kept.message, received_at=kept.last_at)


def _replay_readings(connection: psycopg.Connection, device: str, oldest: timedelta, done: Replayed) -> None:
    refused = quarantined_readings(connection, device)
    good = [r.reading for r in refused if _is_plausible(r, oldest)]
    done.still_refused += len(refused) - len(good)
    if good:
        with connection.transaction():
            done.readings += store.append(connection, store.SeriesBook(), good).stored
            release_readings(connection, good)


def _is_plausible(refused: RejectedReading, oldest: timedelta) -> bool:
    return bool(split_plausible([refused.reading], refused.heard_at, oldest=oldest).accepted)


def _exported(kept: QuarantinedMessage) -> dict[str, Any]:
    try:
        payload: Any = kept.message.payload.decode()
    except UnicodeDecodeError:
        payload = {"base64": base64.b64encode(kept.message.payload).decode()}
    heard = kept.message.received_at
    return {
        "at": rfc3339(heard) if heard else None,
        "topic": kept.message.topic,
        "payload": payload,
        "reason": kept.reason,
        "times": kept.times,
        "last_at": rfc3339(kept.last_at),
    }


def _short(text: str) -> str:
    return text if len(text) <= REASON_WIDTH else f"{text[: REASON_WIDTH - 3]}..."
