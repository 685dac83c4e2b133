"""The files that are made from code are what the code says; a stale one is named."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tools.generate import FILES, main, stale_files, write_files

ROOT: Final = Path(__file__).parents[1]


def test_generated_files_are_current() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_missing_files_are_named_and_written(tmp_path: Path) -> None:
    assert stale_files(tmp_path) == list(FILES)
    assert write_files(tmp_path) == list(FILES)
    assert (stale_files(tmp_path), write_files(tmp_path)) == ([], [])
    assert main(["--check"], tmp_path) is None


@pytest.mark.parametrize("name", FILES)
def test_a_file_changed_by_hand_is_named(name: str, tmp_path: Path) -> None:
    write_files(tmp_path)
    file = tmp_path / name
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert main(["--check"], tmp_path) == f"not what the code says, run `make generate`: {name}"
    assert file.read_text(encoding="utf-8").endswith(" "), "a check changes nothing"


def test_words_nobody_knows(tmp_path: Path) -> None:
    assert main(["--chekc"], tmp_path) == "usage: python -m tools.generate [--check]"
    assert list(tmp_path.iterdir()) == []
