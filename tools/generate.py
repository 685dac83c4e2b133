"""Write the files that are made from code, or with --check refuse those that differ from what the code says."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from api.app import create_app
from dashboards.grafana import render as render_dashboard
from energy.columns import columns
from hub.settings import PREFIX, Settings
from tools.data_model import render_data_model

SETTINGS_PAGE: Final = """\
# Settings

<!-- Made by `make generate` from hub/settings.py. Change it there. -->

Every setting is an environment variable, read when a command starts. All have a default. A value that cannot be
refuses the start with a sentence that names the variable. How to set them for a service: [deploy.md](deploy.md).

| variable | default | values | meaning |
|---|---|---|---|
"""
DICTIONARY_PAGE: Final = """\
# Data dictionary · Dictionnaire des données

<!-- Made by `make generate` from energy/columns.csv. Change it there. -->

Every column that the HTTP interface, the open data and the dashboards publish. A column never changes its meaning or
its unit: it gets a new name. · Toutes les colonnes publiées par l’interface HTTP, les données ouvertes et les tableaux
de bord. Une colonne ne change jamais de sens ni d’unité : elle change de nom.

Unit 1 is a ratio or a count; null is “not known”, never zero. · L’unité 1 est un rapport ou un nombre ; une valeur
absente signifie « inconnu », jamais zéro.

| column · colonne | type | unit · unité | meaning | signification | provenance |
|---|---|---|---|---|---|
"""


def render_settings() -> str:
    """The settings with their defaults, what they may be, and what they mean."""
    fields = Settings.model_fields
    schemas = Settings.model_json_schema()["properties"]
    return SETTINGS_PAGE + "".join(
        _row(f"`{PREFIX}{name.upper()}`", f"`{_word(field.default)}`", _values(schemas[name]), field.description or "")
        for name, field in fields.items()
    )


def render_dictionary() -> str:
    """The published columns, in both languages."""
    return DICTIONARY_PAGE + "".join(
        _row(f"`{c.name}`", c.type, c.unit, c.meaning, c.meaning_fr, c.provenance) for c in columns().values()
    )


def render_openapi() -> str:
    """The description of the HTTP interface, keys in order."""
    description = create_app("postgresql://").openapi()
    return json.dumps(description, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/settings.md": render_settings,
    "docs/data-dictionary.md": render_dictionary,
    "docs/data-model.md": render_data_model,
    "docs/openapi.json": render_openapi,
    "dashboards/grafana/community.json": render_dashboard,
}


def stale_files(root: Path) -> list[str]:
    """Name the generated files that are missing or differ from what the code says."""
    return [name for name, render in FILES.items() if _read(root / name) != render()]


def write_files(root: Path) -> list[str]:
    """Write the generated files that are stale; return their names."""
    written = stale_files(root)
    for name in written:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(FILES[name](), encoding="utf-8")
    return written


def main(words: Sequence[str], root: Path) -> str | None:
    """Write or check; return what to complain about."""
    if list(words) == ["--check"]:
        stale = stale_files(root)
        return f"not what the code says, run `make generate`: {', '.join(stale)}" if stale else None
    if words:
        return "usage: python -m tools.generate [--check]"
    sys.stdout.writelines(f"wrote {name}\n" for name in write_files(root))
    return None


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _word(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def _values(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"enum": [*words]}:
            return ", ".join(f"`{word}`" for word in words)
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"minimum": low, "maximum": high}:
            return f"{low} to {high}"
        case {"type": "array"}:
            return "list"
        case _:
            return "text"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).parents[1]))
