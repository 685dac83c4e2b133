"""From messages to committed readings: decode a batch, write it in one transaction, leave nothing unaccounted for."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from energy.errors import UndecodableMessage
from energy.model import TECHNICAL, Message, Reading, Site
from energy.validity import FOREVER_AGO
from ingest.decode import LONGEST_REASON, Decoder, unwrap_parts
from ingest.plausible import OLDEST, split_plausible
from store import readings as store
from store import rejected as quarantine
from store.kept import read_kept, write_kept
from store.rejected import RejectedMessage, RejectedReading
from store.sites import read_sites

log = logging.getLogger(__name__)

REFUSED: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded, UnicodeError)
"""What the database says to a message that it will never take; anything else may pass."""
SITES_EVERY_S: Final = 5.0
"""How long a change of the site map, or a message kept by another worker, may take to be noticed."""
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the clocks of this machine and of the database may be apart."""
ROW_BYTES: Final = 300
"""What a row of the quarantine takes besides a payload."""


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

    def sentence(self) -> str:
        """What was done, in words."""
        return (
            f"{self.messages} messages gave {self.stored} readings; {self.repeated} more were there already,"
            f" {self.undated} of unknown age were left out,"
            f" {self.rejected_messages} messages and {self.rejected_readings} readings were refused"
        )


@dataclass(slots=True)
class _Batch:
    readings: list[Reading] = field(default_factory=list)
    rejected_messages: list[RejectedMessage] = field(default_factory=list)
    rejected_readings: list[RejectedReading] = field(default_factory=list)
    undated: int = 0


class Appender:
    """Writes batches of messages over one connection, and counts.

    `refused_bytes` is what it has put in quarantine since it started, at most: what repeats itself takes room once. [B]
    """

    def __init__(self, *, keep_technical: bool = False, oldest: timedelta = OLDEST) -> None:
        self.counts = Counts()
        self.refused_bytes = 0
        self._book = store.SeriesBook()
        self._keep_technical = keep_technical
        self._oldest = oldest
        self._sites: tuple[Site, ...] = ()
        self._decoder = Decoder()
        self._learned_at = float("-inf")
        self._kept_since = FOREVER_AGO

    def begin(self) -> None:
        """Trust nothing remembered: a new connection may lead to a database that was restored or took over."""
        self._book = store.SeriesBook()
        self._learned_at = float("-inf")
        self._kept_since = FOREVER_AGO

    def append(self, connection: psycopg.Connection, messages: Sequence[Message]) -> None:
        """Commit the readings of messages, or their rejection; when this returns they may be acknowledged.

        A message that the database refuses is quarantined alone: it cannot fail the batch around it.

        Raises:
            psycopg.OperationalError: the database is gone. The same batch can be tried again: what was committed of it,
                if a message in it was refused, is recognised then.
        """
        if time.monotonic() - self._learned_at > SITES_EVERY_S:
            self._learn(connection)
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
                quarantine.add_messages(connection, [_rejected(messages[0], f"the database refuses it: {error}")])
            self.counts.messages += 1
            self.counts.rejected_messages += 1
            self.refused_bytes += size_of(messages[0])

    def _learn(self, connection: psycopg.Connection) -> None:
        """Take over the site map, and what other workers have kept, as they are now."""
        sites = read_sites(connection)
        if sites != self._sites:
            self._sites, self._decoder, self._kept_since = sites, Decoder(sites), FOREVER_AGO
        self._decoder.learn(read_kept(connection, self._kept_since))
        self._kept_since = datetime.now(UTC) - CLOCKS_APART
        self._learned_at = time.monotonic()

    def _commit(self, connection: psycopg.Connection, messages: Sequence[Message]) -> None:
        self._decoder.newly_kept.clear()
        batch = self._decode(messages)
        with connection.transaction():
            appended = store.append(connection, self._book, batch.readings)
            quarantine.add_messages(connection, batch.rejected_messages)
            quarantine.add_readings(connection, batch.rejected_readings)
            write_kept(connection, self._decoder.newly_kept)
        store.remember(self._book, appended)
        self.counts.messages += len(messages)
        self.counts.stored += appended.stored
        self.counts.repeated += appended.repeated
        self.counts.undated += batch.undated
        self.counts.rejected_messages += len(batch.rejected_messages)
        self.counts.rejected_readings += len(batch.rejected_readings)
        self.refused_bytes += sum(size_of(r.message) for r in batch.rejected_messages)
        self.refused_bytes += ROW_BYTES * len(batch.rejected_readings)

    def _decode(self, messages: Sequence[Message]) -> _Batch:
        batch = _Batch()
        for message in messages:
            try:
                whole, broken = unwrap_parts(message)
            except UndecodableMessage as error:
                batch.rejected_messages.append(_rejected(message, error.reason))
                continue
            batch.rejected_messages += [_rejected(part, reason) for part, reason in broken]
            for single in whole:
                self._decode_one(single, batch)
        return batch

    def _decode_one(self, message: Message, batch: _Batch) -> None:
        try:
            decoded = self._decoder.decode(message)
        except UndecodableMessage as error:
            batch.rejected_messages.append(_rejected(message, error.reason))
            return
        except Exception as error:  # noqa: BLE001 - one message on which the hub fails must not stop all the others
            log.error("the hub fails on the message on %r: %r", message.topic, error)
            batch.rejected_messages.append(_rejected(message, f"the hub fails on it: {error!r:.{LONGEST_REASON}}"))
            return
        if not self._keep_technical:
            decoded = [reading for reading in decoded if reading.quantity not in TECHNICAL]
        if not decoded:
            return
        split = split_plausible(decoded, message.received_at, retained=message.retain, oldest=self._oldest)
        batch.readings += split.accepted
        if split.rejected:
            heard_at = message.received_at or datetime.now(UTC)
            batch.rejected_readings += [RejectedReading(r.reading, r.reason, heard_at) for r in split.rejected]
        batch.undated += split.undated


def size_of(message: Message) -> int:
    """What a message takes in quarantine, about. [B]"""
    return len(message.payload) + len(message.topic) + ROW_BYTES


def _rejected(message: Message, reason: str) -> RejectedMessage:
    return RejectedMessage(message, reason, message.received_at or datetime.now(UTC))
