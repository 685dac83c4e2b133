"""The elements of a page that a browser dumped."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

VOID: Final = {"meta", "link", "img", "input", "br", "hr"}


@dataclass
class Element:
    """An element of the dumped page."""

    tag: str
    attributes: dict[str, str | None]
    children: "list[Element | str]" = field(default_factory=list)

    def all(self, **wanted: str) -> "list[Element]":
        """This and those inside with these attributes (data_x is data-x, class_ one of the classes)."""
        found = [self] if wanted and all(self._has(key, value) for key, value in wanted.items()) else []
        return found + [e for child in self.children if isinstance(child, Element) for e in child.all(**wanted)]

    def _has(self, key: str, value: str) -> bool:
        if key == "tag":
            return self.tag == value
        held = self.attributes.get(key.rstrip("_").replace("_", "-")) or ""
        return value in held.split() if key == "class_" else value == held

    def one(self, **wanted: str) -> "Element":
        found = self.all(**wanted)
        assert len(found) == 1, f"{len(found)} elements with {wanted}"
        return found[0]

    @property
    def text(self) -> str:
        """Text with every kind of space made an ordinary one."""
        return re.sub(r"\s+", " ", "".join(self._strings())).strip()

    def _strings(self) -> list[str]:
        return [s for c in self.children for s in ([c] if isinstance(c, str) else c._strings())]


class Reader(HTMLParser):
    """Builds elements from a dump, whose tags are all closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("root", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
