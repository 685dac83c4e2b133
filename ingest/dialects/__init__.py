"""The dialects that the hub understands, one module per device family; the first to claim a message reads it."""

from typing import Final

from ingest.dialect import Dialect
from ingest.dialects import hub_v1, opendtu, shelly_gen2, tasmota_teleinfo

DIALECTS: Final[tuple[Dialect, ...]] = (
    hub_v1.DIALECT,
    tasmota_teleinfo.DIALECT,
    shelly_gen2.DIALECT,
    opendtu.DIALECT,
)
