"""Files written together into a folder: all of them or none, each whole, and no other file in their place unasked."""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from energy.errors import InvalidInput

MOST_NAMED: Final = 3
"""So many files that are there already are named, and the others counted."""


def require_free(folder: Path, names: Iterable[str], *, is_forced: bool) -> None:
    """Refuse to put files in the place of others, unless that is forced.

    Raises:
        InvalidInput: one of them is there already.
    """
    there = [] if is_forced else [folder / name for name in names if (folder / name).exists()]
    if there:
        more = f" and {len(there) - MOST_NAMED} more" if len(there) > MOST_NAMED else ""
        named = ", ".join(str(file) for file in there[:MOST_NAMED])
        raise InvalidInput(f"{named}{more} would be overwritten; give another --out, or --force")


def write_together(folder: Path, texts: Mapping[str, str], *, is_forced: bool) -> list[Path]:
    """Write texts by name of file, and make the folder where there is none; return the files in the order given.

    Raises:
        InvalidInput: one of them is there already, unless it is forced; or something cannot be written.
    """
    files = {folder / name: text for name, text in texts.items()}
    mark = f"unfinished-{secrets.token_hex(4)}"
    unfinished = {file.with_name(f".{file.name}.{mark}"): file for file in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_free(folder, texts, is_forced=is_forced)
        for part, file in unfinished.items():
            part.write_text(files[file], encoding="utf-8", newline="")
        for part, file in unfinished.items():
            part.replace(file)
    except OSError as error:
        raise InvalidInput(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    finally:
        for part in unfinished:
            with suppress(OSError):  # those that are whole have their own name by now
                part.unlink()
    return list(files)
