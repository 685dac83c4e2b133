"""Files of the operator's own results of a community, in each of their forms: bytes in, results and problems out."""

from typing import Final
from zoneinfo import ZoneInfo

from ingest.files import results_curve, results_json
from ingest.files.content import FileOptions
from ingest.files.results import ResultsContent
from ingest.files.text import open_text

DESCRIBES: Final = {form.NAME: form.DESCRIBES for form in (results_json, results_curve)}


def read_results(content: bytes, name: str, options: FileOptions, zone: ZoneInfo) -> ResultsContent:
    """Read a file of the operator's results: JSON where it begins as such, else curves.

    Args:
        content: the file's bytes.
        name: what people call it, for messages.
        options: what a person says of curves: unit, stamp, zone, step_min.
        zone: of the community, whose months are meant.

    Raises:
        InvalidInput: nothing of it can be read, or an option is needed.
    """
    opened = open_text(content, name)
    if opened.head.lstrip().startswith(("{", "[")):
        return results_json.read(opened, zone)
    return results_curve.read(opened, options, zone)
