"""What somebody should have written in place of an entry that is wrong, in words of the hub instead of pydantic's."""

from collections.abc import Mapping
from typing import Final

from pydantic_core import ErrorDetails

ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
MONTH: Final = "^[0-9]{4}-[0-9]{2}$"
PATTERNS: Final = {
    ID: "only a-z, A-Z, 0-9, dot, dash and underscore, beginning with a letter or a digit",
    MONTH: "write a month as 2026-01",
}
WHOLE: Final = "write a whole number, without quotes"
EXPECTED: Final = {
    "bool_type": "write true or false, without quotes",
    "dict_type": "write it as a table of entries, such as {{ name = ... }}",
    "enum": "write {expected}",
    "extra_forbidden": "no such entry is known here; check its spelling",
    "finite_number": "write a finite number",
    "float_parsing": "write a number",
    "float_type": "write a number, without quotes",
    "greater_than_equal": "write {ge:,} or more",
    "int_from_float": WHOLE,
    "int_parsing": "write a whole number",
    "int_parsing_size": "write a whole number of fewer digits",
    "int_type": WHOLE,
    "less_than_equal": "write {le:,} or less",
    "list_type": "write it in double brackets, [[...]], or as a list, [ ... ]",
    "literal_error": "write {expected}",
    "missing": "this entry is missing",
    "model_type": 'write it as a table of entries, such as {{ id = "..." }}',
    "string_too_long": "write {max_length} characters or fewer",
    "string_too_short": "write {min_length} or more characters",
    "string_type": "write it in quotes",
    "string_unicode": "write characters that are text",
    "too_long": "give {max_length} or fewer of them, not {actual_length}",
    "too_short": "give {min_length} or more of them",
}
"""What is said of each type of error; its numbers and words are those that pydantic gives with it."""


def expected(fault: ErrorDetails, own: Mapping[str, str] | None = None) -> str:
    """Say what should stand there; `own` is what is said instead where it is no file of TOML, by type of error."""
    told = fault.get("ctx", {})
    if fault["type"] == "string_pattern_mismatch":
        return PATTERNS.get(told["pattern"], fault["msg"])
    found = {name: int(n) if isinstance(n, float) and n.is_integer() else n for name, n in told.items()}
    text = {**EXPECTED, **(own or {})}.get(fault["type"])
    return fault["msg"] if text is None else text.format(**found)
