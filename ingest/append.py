"""From messages to committed readings: decode a batch, write it in one transaction, leave nothing unaccounted for."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from energy.errors import UndecodableMessage
from energy.model import TECHNICAL, Message, Reading
from ingest.decode import LONGEST_REASON, OLDEST, decode, split_plausible, unwrap
from store import readings as store
from store.readings import RejectedMessage, RejectedReading, SeriesBook

log = logging.getLogger(__name__)

REFUSED: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded, UnicodeError)
"""What the database says to a message that it will never take; anything else may pass."""


@dataclass(slots=True)
class Counts:
    """What ingestion has done since it started.

    `repeated` readings were in the store or in their batch already. `undated` ones have no stamp of their own and came
    in messages that the broker had held back: nobody knows when they were true.
    """

    messages: int = 0
    stored: int = 0
    repeated: int = 0
    undated: int = 0
    rejected_messages: int = 0
    rejected_readings: int = 0


@dataclass(slots=True)
class _Batch:
    readings: list[Reading] = field(default_factory=list)
    rejected_messages: list[RejectedMessage] = field(default_factory=list)
    rejected_readings: list[RejectedReading] = field(default_factory=list)
    undated: int = 0


class Appender:
    """Writes batches of messages over one connection, and counts."""

    def __init__(self, *, keep_technical: bool = False, oldest: timedelta = OLDEST) -> None:
        self.counts = Counts()
        self._book = SeriesBook()
        self._keep_technical = keep_technical
        self._oldest = oldest

    def append(self, connection: psycopg.Connection, messages: Sequence[Message]) -> None:
        """Commit the readings of messages, or their rejection; when this returns they may be acknowledged.

        A message that the database refuses is quarantined alone: it cannot fail the batch around it.

        Raises:
            psycopg.OperationalError: the database is gone. The same batch can be tried again: what was committed of it,
                if a message in it was refused, is recognised then.
        """
        try:
            self._commit(connection, messages)
        except REFUSED as error:
            if len(messages) > 1:
                middle = len(messages) // 2
                self.append(connection, messages[:middle])
                self.append(connection, messages[middle:])
                return
            log.warning("the database refuses the message on %r: %s", messages[0].topic, error)
            with connection.transaction():
                store.reject_messages(connection, [_rejected(messages[0], f"the database refuses it: {error}")])
            self.counts.messages += 1
            self.counts.rejected_messages += 1

    def _commit(self, connection: psycopg.Connection, messages: Sequence[Message]) -> None:
        batch = self._decode(messages)
        with connection.transaction():
            appended = store.append(connection, self._book, batch.readings)
            store.reject_messages(connection, batch.rejected_messages)
            store.reject_readings(connection, batch.rejected_readings)
        store.remember(self._book, appended)
        self.counts.messages += len(messages)
        self.counts.stored += appended.stored
        self.counts.repeated += appended.repeated
        self.counts.undated += batch.undated
        self.counts.rejected_messages += len(batch.rejected_messages)
        self.counts.rejected_readings += len(batch.rejected_readings)

    def _decode(self, messages: Sequence[Message]) -> _Batch:
        batch = _Batch()
        for message in messages:
            try:
                inner = unwrap(message)
            except UndecodableMessage as error:
                batch.rejected_messages.append(_rejected(message, error.reason))
                continue
            for single in inner:
                self._decode_one(single, batch)
        return batch

    def _decode_one(self, message: Message, batch: _Batch) -> None:
        try:
            decoded = decode(message)
        except UndecodableMessage as error:
            batch.rejected_messages.append(_rejected(message, error.reason))
            return
        except Exception as error:  # noqa: BLE001 - one message on which the hub fails must not stop all the others
            log.error("the hub fails on the message on %r: %r", message.topic, error)
            batch.rejected_messages.append(_rejected(message, f"the hub fails on it: {error!r:.{LONGEST_REASON}}"))
            return
        if not self._keep_technical:
            decoded = [reading for reading in decoded if reading.quantity not in TECHNICAL]
        split = split_plausible(decoded, message.received_at, retained=message.retain, oldest=self._oldest)
        batch.readings += split.accepted
        batch.rejected_readings += [
            RejectedReading(r.reading, r.reading.at, r.reason) for r in split.rejected if r.reading.at is not None
        ]
        batch.undated += split.undated


def _rejected(message: Message, reason: str) -> RejectedMessage:
    return RejectedMessage(message, reason, message.received_at or datetime.now(UTC))
