"""The operators' words: stages, flows, units, physical quantities; and what the hub makes of them.

Quality after ESPI. What the meter measured and nobody corrected (stage BRUT) is 14, raw. What the operator filled in
(COMPLETE, statuses of reconstitution) is 8, estimated; so is what is called validated (VALIDE), which comes after holes
were filled without saying which. What the operator corrected (CORRIGE) is 0, valid. A status letter that the hub does
not know is 10, questionable: the value is kept and marked.
Source: DOMAIN facts on Enedis files; the status letters of C1-C4 curves are known second-hand only.
"""

import re
import unicodedata
from typing import Final

from energy.model import Quantity

VALID: Final = 0
ESTIMATED: Final = 8
QUESTIONABLE: Final = 10
RAW: Final = 14

BRUT: Final = "brut"
COMPLETE: Final = "complete"
CORRIGE: Final = "corrige"
RANKS: Final = {BRUT: 0, COMPLETE: 1, CORRIGE: 2}
"""Of two values of one instant the higher rank counts."""
QUALITY_OF_NATURE: Final = {BRUT: RAW, COMPLETE: ESTIMATED, CORRIGE: VALID}

STATUSES: Final[dict[str, int | None]] = {
    "": None,
    "b": None,
    "r": None,
    "c": VALID,
    "e": ESTIMATED,
    "h": ESTIMATED,
    "k": ESTIMATED,
    "p": ESTIMATED,
}
"""Quality told by the letter of a single value; None: its stage tells. Any other letter is questionable."""

UNITS: Final = {"w": ("power", 1), "kw": ("power", 1000), "wh": ("energy", 1), "kwh": ("energy", 1000)}
"""What a unit measures, and how many W or Wh it is."""

_FLOWS: Final = {
    "cons": "import",
    "consommation": "import",
    "soutirage": "import",
    "consumption": "import",
    "import": "import",
    "prod": "export",
    "production": "export",
    "injection": "export",
    "generation": "export",
    "export": "export",
}
NO_FLOW: Final = "does not say whether it is consumption or production: say it with --flow import or --flow export"
DAILY: Final = "daily energies are not taken: load curves and registers tell them"
_OTHERS: Final = (
    (r"^(er|erc|eri|pr|prc|pri|reactive)$|reactive", "reactive energy is not taken"),
    (r"^(pma|pmax|pam)|maxim|^max\b", "maximum power is not taken: it is no energy"),
    (r"^(u|v)$|tension", "voltage is not taken"),
    (r"quotidien|journali|daily", DAILY),
)
_ACTIVE: Final = r"^(ea|eas|eai|pa)$|\bactive\b"


def plain(text: str) -> str:
    """Write a word or header without accents, case and doubled blanks: 'Étape  métier' is 'etape metier'."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).lower().replace("_", " ").split())


def shown(text: str, most: int) -> str:
    """Write text of a file for a terminal: at most so many characters, and none that a terminal obeys."""
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: most + 1])
    return "".join(escaped) if len(text) <= most else "".join(escaped)[:most] + "..."


def nature_of(stage: str) -> str | None:
    """Tell the nature of a stage ('BRUT', 'Comptage Brut', 'CORRIGE'...); None where it is not known."""
    words = plain(stage)
    for part, nature in (("corrig", CORRIGE), ("compl", COMPLETE), ("valid", COMPLETE), ("brut", BRUT)):
        if part in words:
            return nature
    return None


def flow_of(word: str) -> str | None:
    """Tell import or export from the operator's word for it; None where it is not known."""
    return _FLOWS.get(plain(word))


def quality_of(nature: str, status: str = "") -> int:
    """ESPI quality of a value of a nature, with the status letter that it carries itself."""
    told = STATUSES.get(plain(status), QUESTIONABLE)
    return QUALITY_OF_NATURE[nature] if told is None else told


def why_not_active(measured: str) -> str | None:
    """None for active energy or power; else the sentence that says why it is not taken."""
    words = plain(measured)
    for pattern, sentence in _OTHERS:
        if re.search(pattern, words):
            return f"{measured[:60]!r}: {sentence}"
    return None if re.search(_ACTIVE, words) else f"{measured[:60]!r} is not active energy"


def quantity_of(flow: str, measures: str) -> Quantity:
    """Quantity of a flow: measures is power (a mean), energy (of an interval) or register."""
    return {
        ("import", "power"): Quantity.IMPORT_POWER_AVG,
        ("export", "power"): Quantity.EXPORT_POWER_AVG,
        ("import", "energy"): Quantity.IMPORT_ENERGY_INTERVAL,
        ("export", "energy"): Quantity.EXPORT_ENERGY_INTERVAL,
        ("import", "register"): Quantity.IMPORT_ENERGY,
        ("export", "register"): Quantity.EXPORT_ENERGY,
    }[flow, measures]


def point_of(text: str) -> str | None:
    """Read a PRM as 14 characters of text; None where it is none.

    Spreadsheets take away leading zeros, which are put back, and write long numbers as 1,2E+13, which is beyond repair.
    """
    digits = text.strip().strip("'=\"").strip()
    return digits.zfill(14) if digits.isascii() and digits.isdecimal() and len(digits) <= 14 else None
