"""Files that a person names on the line of a command, read or refused in one sentence."""

from pathlib import Path

from energy.errors import InvalidInput
from energy.model import Territory
from energy.territory import parse_territory
from energy.territory_sites import nearest
from ingest.routes import BY_NAME


def read_territory_file(file: Path) -> Territory:
    """Read a territory file.

    Raises:
        InvalidInput: it cannot be read, or something in it is wrong.
    """
    territory = parse_territory(read_text(file), file.name)
    for site in territory.sites:
        if site.dialect and site.dialect not in BY_NAME:
            near = nearest(site.dialect, BY_NAME)
            raise InvalidInput(f"{file.name}, site {site.prefix}: no dialect is called {site.dialect!r}{near}")
    return territory


def read_text(file: Path) -> str:
    """Read a text file.

    Raises:
        InvalidInput: there is none, or it is not UTF-8 text.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8 text (byte {error.start})") from error
