"""What was refused: shown, written to a file, and read again after a fix."""

import base64
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TextIO

import psycopg
from msgspec.structs import replace

from energy.errors import UndecodableMessage
from energy.model import Message, Reading
from energy.time import rfc3339
from hub.counted import counted
from hub.replay import is_topic
from hub.tables import columns
from ingest.append import Appender
from ingest.decode import LONGEST_REASON, Decoder, unwrap_parts
from ingest.dialects.hub_v1 import is_relay
from ingest.plausible import split_plausible
from store import readings as store
from store.kept import read_kept
from store.rejected import (
    QuarantinedMessage,
    Refusal,
    RejectedReading,
    digest_of,
    quarantined_messages,
    quarantined_readings,
    refusals,
    release_messages,
    release_readings,
    restore_times,
    write_reading_reasons,
    write_reasons,
)
from store.sites import read_sites

log = logging.getLogger(__name__)

REASON_WIDTH: Final = 100
NOTHING_THERE: Final = "nothing is in quarantine"
NO_DIALECT: Final = "no dialect knows this topic"
UNKNOWN_TOPIC: Final = (
    "Where no dialect knows a topic: a [[site]] in the territory file says which dialect speaks below a base topic of"
    " your choice (docs/dialects.md lists them); or publish the hub's own format (docs/message-format.md)."
)


@dataclass(slots=True)
class Replayed:
    """What a replay has done."""

    messages: int = 0
    readings: int = 0
    still_refused: int = 0


def summary(connection: psycopg.Connection, topic: str) -> str:
    """A table for people: what is in quarantine by topic and reason, the latest first; how many, and what to do."""
    rows = refusals(connection, topic)
    if not rows:
        return nothing_there(connection, topic)
    lines = [("kept", "times", "last heard", "topic or device", "why")]
    lines += [
        (str(r.kept), str(r.times), _second(r.last_at), printable(r.topic), _short(printable(r.reason))) for r in rows
    ]
    table = "\n".join(columns(lines, right=(0, 1)))
    return "\n\n".join([table, f"{sum(r.kept for r in rows)} in quarantine", *advice(rows)])


def nothing_there(connection: psycopg.Connection, topic: str) -> str:
    """Why nothing is shown: nothing is in quarantine, or nothing of that beginning."""
    if not topic or not refusals(connection):
        return NOTHING_THERE
    return f"nothing in quarantine begins with {topic!r}; write the beginning of a topic, without wildcards"


def advice(refused: Iterable[Refusal]) -> list[str]:
    """What to do about what was refused, where somebody has to do something."""
    return [UNKNOWN_TOPIC] if any(r.reason == NO_DIALECT for r in refused) else []


def done_text(connection: psycopg.Connection, topic: str, done: Replayed) -> str:
    """What a replay has done, in a sentence."""
    if done == Replayed() and topic:
        return nothing_there(connection, topic)
    return (
        f"{counted(done.messages, 'message')} read again, {counted(done.readings, 'reading')} stored,"
        f" {done.still_refused} still refused"
    )


def export(connection: psycopg.Connection, topic: str, to: TextIO) -> int:
    """Write the messages in quarantine as JSON lines that `hub replay` reads, the first heard first.

    Those that cannot travel are left out, and their number is logged: broken relay envelopes, and topics that nobody
    can publish on.

    Returns:
        How many were written.
    """
    written = left_out = 0
    for batch in quarantined_messages(connection, topic):
        for kept in batch:
            if can_travel(kept):
                to.write(json.dumps(_exported(kept), ensure_ascii=False) + "\n")
                written += 1
            else:
                left_out += 1
    if left_out:
        log.warning("%d broken envelopes, or messages on topics that cannot be published, are left out", left_out)
    return written


def can_travel(kept: QuarantinedMessage) -> bool:
    """Whether a message can be published again as it was heard."""
    topic = kept.message.topic
    return is_topic(topic) and not is_relay(topic) and _is_as_heard(kept)


def replay(connection: psycopg.Connection, appender: Appender, topic: str, oldest: timedelta) -> Replayed:
    """Read everything in quarantine again with the dialects, the sites and the bounds of now, first heard first.

    What can be read is stored and leaves the quarantine in one transaction; the rest stays, with its present reason.
    """
    done = Replayed()
    decoder = Decoder(read_sites(connection), read_kept(connection))
    for messages in quarantined_messages(connection, topic):
        _replay_messages(connection, appender, decoder, messages, done)
    for readings in quarantined_readings(connection, topic):
        _replay_readings(connection, readings, oldest, done)
    return done


def _replay_messages(
    connection: psycopg.Connection,
    appender: Appender,
    decoder: Decoder,
    messages: Sequence[QuarantinedMessage],
    done: Replayed,
) -> None:
    reasons = {kept.digest: _refusal(kept, decoder) for kept in messages}
    decoder.newly_kept.clear()
    good = [kept for kept in messages if reasons[kept.digest] is None]
    stored, refused = appender.counts.stored, appender.counts.rejected_messages
    with connection.transaction():
        # In the order of ingestion, readings before refusals: else each could wait for the other.
        appender.append(connection, [message for kept in good for message in _heard(kept)])
        released = release_messages(connection, good)
        if appender.counts.rejected_messages > refused:  # the database itself refuses something
            restore_times(connection, [kept for kept in good if kept.digest not in released])
        write_reasons(connection, {digest: reason for digest, reason in reasons.items() if reason is not None})
    done.messages += len(released)
    done.readings += appender.counts.stored - stored
    done.still_refused += len(messages) - len(released)


def _refusal(kept: QuarantinedMessage, decoder: Decoder) -> str | None:
    """Why nothing of a message can be read yet, or None."""
    if not _is_as_heard(kept):
        return kept.reason
    try:
        whole, broken = unwrap_parts(kept.message)
    except UndecodableMessage as error:
        return error.reason
    reasons = [reason for _, reason in broken]
    for part in whole:
        try:
            decoder.decode(part)
        except UndecodableMessage as error:
            reasons.append(error.reason)
        except Exception as error:  # noqa: BLE001 - one message on which the hub fails must not stop all the others
            reasons.append(f"the hub fails on it: {error!r:.{LONGEST_REASON}}")
    return reasons[0] if reasons and len(reasons) == len(whole) + len(broken) else None


def _is_as_heard(kept: QuarantinedMessage) -> bool:
    """Whether the topic is the one that was heard: the database cannot hold a NUL, and it is no other device's."""
    return digest_of(kept.message) == kept.digest


def _heard(kept: QuarantinedMessage) -> Iterator[Message]:
    """The message as it was first heard, and again as it was last: between, nobody counted."""
    yield kept.message
    if kept.last_at != kept.message.received_at:
        yield replace(kept.message, received_at=kept.last_at)


def _replay_readings(
    connection: psycopg.Connection, refused: Sequence[RejectedReading], oldest: timedelta, done: Replayed
) -> None:
    good: list[Reading] = []
    changed: list[RejectedReading] = []
    for one in refused:
        split = split_plausible([one.reading], one.heard_at, oldest=oldest)
        good += split.accepted
        changed += [
            RejectedReading(r.reading, r.reason, one.heard_at) for r in split.rejected if r.reason != one.reason
        ]
    with connection.transaction():
        done.readings += store.append(connection, store.SeriesBook(), good).stored
        release_readings(connection, good)
        write_reading_reasons(connection, changed)
    done.still_refused += len(refused) - len(good)


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


def printable(text: str) -> str:
    """Text that came from outside, without what would move the cursor of a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _second(at: datetime) -> str:
    return rfc3339(at.replace(microsecond=0))


def _short(text: str) -> str:
    return text if len(text) <= REASON_WIDTH else f"{text[: REASON_WIDTH - 3]}..."
