"""Documents that name a test as proof name one that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/.]+?)(?:::(\w+))?`")


def named() -> set[tuple[str, str]]:
    texts = [path.read_text() for path in (ROOT / "docs").glob("*.md")]
    return {(path, name) for text in texts for path, name in NAMED.findall(text)}


def test_every_test_that_a_document_names_exists() -> None:
    missing = [
        f"{path}::{name}"
        for path, name in named()
        if not (ROOT / path).exists() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert missing == []


def test_the_threat_model_names_its_tests() -> None:
    lines = (ROOT / "docs" / "security.md").read_text().split("## Lines")[1].split("\n## ")[0]
    rows = [line for line in lines.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    assert [row for row in rows if not NAMED.search(row)] == []
