"""Runbooks cut into passages by their headings, and the steps that a passage begins with."""

import pytest

from responder.analysis.markdown import MAX_HEADING, MAX_PASSAGE, MAX_URL, split, steps

DISK = """Kept by the database team.

# Disk

## Disk is full ##
1. Find what grows
2. Rotate the logs

```sh
# not a heading
df -h
```

## Disk is slow
Ask the storage team.

# Contacts
"""


def places(text: str) -> list[str]:
    return [passage.heading for passage in split("disk.md", text)]


def test_each_passage_knows_the_headings_above_it() -> None:
    assert places(DISK) == ["", "Disk › Disk is full", "Disk › Disk is slow"]  # noqa: RUF001
    full = split("disk.md", DISK)[1]
    assert full.place == "disk.md › Disk › Disk is full"  # noqa: RUF001
    assert full.told().startswith("disk.md › Disk › Disk is full:\n1. Find what grows")  # noqa: RUF001


@pytest.mark.parametrize("line", ["# A #", "# A   ###", "#  A", "# A #  ", "#\tA"])
def test_a_heading_may_be_closed(line: str) -> None:
    assert places(f"{line}\ntext") == ["A"]


def test_a_word_may_end_with_the_sign() -> None:
    assert places("# C#\ntext") == ["C#"]
    assert places("# #\ntext") == [""]


def test_a_comment_in_code_is_no_heading() -> None:
    assert "# not a heading\ndf -h" in split("disk.md", DISK)[1].text


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_code_ends_with_the_fence_that_it_began_with(fence: str) -> None:
    text = f"# A\n{fence}sh\n# a\n``\n# b\n{fence}\n# B\nend"
    assert places(text) == ["A", "B"]


def test_code_that_never_ends_is_code_to_the_end() -> None:
    assert places("# A\n```\n# a\n## b") == ["A"]


@pytest.mark.parametrize("text", ["", "\n\n", "# Only a heading", "####### seven\n"])
def test_what_says_nothing_is_no_passage(text: str) -> None:
    assert [passage.text for passage in split("a.md", text)] in ([], ["####### seven"])


def test_windows_line_ends_and_invisible_characters_are_no_part_of_it() -> None:
    (one,) = split("a.md", "# A\u202e\r\nsay\u200b it\r\nnow")
    assert (one.heading, one.text) == ("A", "say it\nnow")


def test_a_table_of_contents_is_left_out() -> None:
    text = "# Contents\n1. [Disk full](#disk-full)\n- [Memory](#memory)\n# Disk full\nRotate."
    assert places(text) == ["Disk full"]


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"{number} " + "word " * 60 for number in range(8)]
    found = split("a.md", "# A\n" + "\n\n".join(paragraphs))
    assert len(found) > 1
    assert all(len(passage.text) <= MAX_PASSAGE for passage in found)
    assert all(passage.text[0].isdigit() for passage in found)
    assert {passage.heading for passage in found} == {"A"}


def test_code_that_is_cut_goes_on_as_code() -> None:
    lines = "\n".join(f"# comment {number}" for number in range(200))
    found = split("a.md", f"# A\n```sh\n{lines}\n```\nafter")
    assert len(found) > 2
    assert all(passage.text.startswith("```sh\n" if n == 0 else "```\n")
               for n, passage in enumerate(found))  # fmt: skip
    assert {passage.heading for passage in found} == {"A"}


def test_a_line_without_end_is_cut_all_the_same() -> None:
    found = split("a.md", f"# {'h' * 999}\n{'x' * 5_000}")
    assert [len(passage.text) for passage in found] == [MAX_PASSAGE] * 5
    assert all(len(passage.heading) == MAX_HEADING for passage in found)


def test_of_long_headings_the_inner_ones_are_kept() -> None:
    assert places(f"# {'outer ' * 20}\n## Disk\n### Full\ntext") == ["Disk › Full"]  # noqa: RUF001


def test_the_hash_is_of_what_is_said_and_not_of_where() -> None:
    (one,) = split("a.md", "# A\ntext")
    (renamed,) = split("b.md", "# A\ntext")
    (edited,) = split("a.md", "# A\ntext!")
    (moved,) = split("a.md", "# B\ntext")
    assert one.hash == renamed.hash
    assert len({one.hash, edited.hash, moved.hash}) == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Symptoms:\n- slow\n\n1. Look\n2) Restart\n3. Tell", ["Look", "Restart"]),
        ("- [ ] Look\n* [x] Restart", ["Look", "Restart"]),
        ("```\n#!/bin/sh\n# 1. Look at it\nls\n# Restart the job\nkill 1\n```", [
            "Look at it", "Restart the job"]),
        ("Call the storage team.\n\nThey know.\nAlways.", ["Call the storage team.", "They know."]),
        ("```\nls\n```", []),
    ],
)  # fmt: skip
def test_the_first_steps_are_its_list_or_what_its_code_is_told_by(
    text: str, found: list[str]
) -> None:
    assert steps(text, 2) == found


FRONT = """---
title: "Orders database"
url: https://wiki.example.com/orders
tags:
  - storage
---
"""


def test_front_matter_names_the_page_and_is_no_text() -> None:
    first, second = split("disk.md", f"{FRONT}Ask the storage team.\n# Full\nRotate.")
    assert (first.heading, first.text) == ("Orders database", "Ask the storage team.")
    assert (second.heading, second.text) == ("Orders database › Full", "Rotate.")  # noqa: RUF001
    assert {first.url, second.url} == {"https://wiki.example.com/orders"}


def test_front_matter_ends_at_its_own_line_of_dashes() -> None:
    told = [one.text for one in split("a.md", f"{FRONT}# A\n- look\n\n---\nend")]
    assert told == ["- look\n\n---\nend"]


@pytest.mark.parametrize(
    "text",
    [
        "---\nSome words between two rules.\n---\nend",
        "---\ntitle: never closed\nend",
        "text\n---\nurl: https://wiki.example.com\n---\n",
        "---\n---\nend",
    ],
)
def test_what_is_no_front_matter_stays_text(text: str) -> None:
    (one,) = split("a.md", text)
    assert (one.text, one.url) == (text.strip("\n"), "")


def test_an_endless_address_is_none() -> None:
    (one,) = split("a.md", f"---\nurl: https://x.example/{'y' * MAX_URL}\n---\ntext")
    assert (one.text, one.url) == ("text", "")


def test_the_address_is_no_part_of_the_hash() -> None:
    (plain,), (addressed,) = split("a.md", "text"), split("a.md", "---\nurl: https://x\n---\ntext")
    assert plain.hash == addressed.hash
