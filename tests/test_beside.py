"""What is made beside the worker: what the database refuses for a time is made once it does not."""

import logging
import threading
from collections.abc import Iterator

import pytest

from processing import beside
from tests.conftest import AskForTemplate
from tests.metering import apply, wait_until
from tests.priced import PRICED, marked
from tests.servers import Postgres
from tests.settled import Valley, month_template, whole_month


@pytest.fixture
def valley(database_server: Postgres, ask_for_template: AskForTemplate) -> Iterator[Valley]:
    with (
        month_template(database_server, ask_for_template(database_server)) as name,
        whole_month(database_server, name) as valley,
    ):
        yield valley


def test_what_was_refused_is_tried_again(
    valley: Valley, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url, connection, _ = valley
    apply(connection, PRICED)
    connection.execute("UPDATE statement_due SET due_at = now()")
    connection.execute("ALTER TABLE statement_due RENAME TO elsewhere")
    monkeypatch.setattr(beside, "REFUSED_PAUSE_S", 0.01)
    over, busy = threading.Event(), threading.Event()
    thread = threading.Thread(target=beside.work_beside, args=(url, over, busy))
    with caplog.at_level(logging.ERROR):
        thread.start()
        try:
            wait_until(lambda: "refuses to be worked with" in caplog.text)
            connection.execute("ALTER TABLE elsewhere RENAME TO statement_due")
            wait_until(lambda: marked(connection) == [])
        finally:
            over.set()
            thread.join()
