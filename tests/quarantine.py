"""Messages that are refused until a site explains them, and what is in quarantine; for the tests of `hub rejected`."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from energy.model import Message
from energy.time import rfc3339
from tests.appending import NOON, Store
from tests.hub_command import call_hub

LATER: Final = NOON + timedelta(hours=1)
LAST: Final = NOON + timedelta(hours=2)
BARN: Final = '[[site]]\nprefix = "vzlogger"\n[site.role]\nchn0 = { quantity = "import_energy", unit = "kWh" }\n'
CELLAR: Final = '[[site]]\nprefix = "cellar/dtu"\ndialect = "opendtu"\n'
MILL: Final = '[[site]]\nprefix = "mill"\ndialect = "sma_em"\n'
DTU: Final = "116181000001"
YIELD: Final = "cellar/dtu/116181000001/0/yieldtotal"
STORED: Final = """
    SELECT d.id, s.quantity, r.at, r.value
    FROM reading AS r JOIN series AS s ON s.no = r.series_no JOIN device AS d ON d.no = s.device_no ORDER BY 1, 2, 3
"""
KEPT: Final = """
    SELECT digest, topic, payload, retain, times, first_at, last_at FROM rejected_message ORDER BY digest
"""
REASONS: Final = "SELECT reason FROM rejected_message UNION ALL SELECT reason FROM rejected_reading ORDER BY 1"
READINGS: Final = "SELECT device, quantity, value, at, times, heard_at FROM rejected_reading ORDER BY 1, 2, 3, 4"


def envelope(*elements: object) -> Message:
    """A relay envelope of a gateway."""
    return Message("hub/v1/gateway/relay", json.dumps({"messages": elements}).encode(), NOON)


def element(device: str, **changes: object) -> dict[str, Any]:
    """A whole message in such an envelope."""
    return {"received_at": rfc3339(NOON), "topic": f"hub/v1/{device}", "payload": '{"import_wh": 7}', **changes}


def dtu(at: datetime, *, retain: bool = False) -> Message:
    """One message without a clock, always the same, that CELLAR explains."""
    return Message(YIELD, b"617.283", at, retain)


def sma(kwh: int, at: datetime, received_at: datetime, padding: int = 0) -> Message:
    """A message with a clock that MILL explains."""
    payload = {"pconsumecounter": kwh, "timestamp": at.timestamp(), "padding": padding * "x"}
    return Message("mill/1901234567", json.dumps(payload).encode(), received_at)


def hub_rejected(store: Store, *words: str, **settings: str) -> str:
    """What `hub rejected` prints."""
    address = store.connection.info
    url = f"postgresql://{address.user}@{address.host}:{address.port}/{address.dbname}"
    code, stdout, stderr = call_hub("rejected", *words, settings={"HUB_DATABASE_URL": url, **settings})
    assert code == 0, stderr
    return stdout


def apply(url: str, folder: Path, text: str) -> None:
    """Run `hub apply` with a territory file."""
    file = folder / "territory.toml"
    file.write_text(text)
    code, _, stderr = call_hub("apply", str(file), settings={"HUB_DATABASE_URL": url})
    assert code == 0, stderr
