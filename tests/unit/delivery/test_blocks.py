from responder.delivery import blocks
from responder.ports import Message
from unit.delivery.checker import problems


def test_section_keeps_whole_lines_and_marks_what_it_left_out() -> None:
    block = blocks.section(["a" * 1_000, "b" * 1_000, "c" * 1_000, "d"])
    assert block is not None
    assert block["text"]["text"] == f"{'a' * 1_000}\n{'b' * 1_000}\n…"


def test_section_of_nothing_is_no_block() -> None:
    assert blocks.section(["", ""]) is None
    assert blocks.context(["", ""]) is None


def test_sections_hold_every_line_in_as_few_as_they_need() -> None:
    lines = ["a" * 1_500, "b" * 1_499, "c" * 3_000, "", "d"]
    texts = [block["text"]["text"] for block in blocks.sections(lines)]
    assert texts == [f"{'a' * 1_500}\n{'b' * 1_499}", "c" * 3_000, "d"]
    assert blocks.sections(["", ""]) == []


def test_small_print_keeps_at_most_ten_items() -> None:
    assert len(blocks.small_print([str(n) for n in range(12)])["elements"]) == 10


def test_fit_keeps_everything_where_there_is_room() -> None:
    body = [blocks.section([f"{number}" * 2_000]) for number in range(4)]
    fitted = blocks.fit([blocks.header("h")], [*body, None], blocks.small_print(["f"]))
    assert not blocks.is_shortened(fitted)
    assert fitted == [blocks.header("h"), *body, blocks.small_print(["f"])]


def test_fit_drops_the_last_of_the_body_and_says_so() -> None:
    body = [blocks.section([f"{number}" * 2_900]) for number in range(5)]
    fitted = blocks.fit([blocks.header("h")], body, blocks.small_print(["f"]))
    note = blocks.small_print([blocks.SHORTENED])
    assert blocks.is_shortened(fitted)
    assert fitted == [blocks.header("h"), *body[:3], note, blocks.small_print(["f"])]
    assert problems(Message(text="t", blocks=fitted)) == []


def test_fit_uses_the_whole_budget_and_no_more() -> None:
    def fitted(last: int) -> int:
        body = [blocks.section(["x" * 2_990]) for _ in range(3)]
        body.append(blocks.section(["y" * last]))
        return len(blocks.fit([blocks.header("h")], body, blocks.small_print(["f"])))

    assert fitted(10_000 - 3 * 2_990 - 2) == 6
    # One more: the fourth section gives way, the note takes its place.
    message = blocks.fit(
        [blocks.header("h")],
        [*(blocks.section(["x" * 2_990]) for _ in range(3)), blocks.section(["y" * 1_029])],
        blocks.small_print(["f"]),
    )
    assert message[-2] == blocks.small_print([blocks.SHORTENED])
