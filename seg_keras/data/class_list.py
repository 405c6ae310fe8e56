"""`classes.txt`: the classes of a folder of images, one per line, in a form that people write."""

from pathlib import Path

from seg_keras.data.label_spaces import bit_palette
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace

FORM = "Write one class per line: [id in the masks] name [red green blue], such as 'road' or "
FORM += "'3 road 128 64 128'."


def read_class_list(path: Path) -> LabelSpace:
    """Reads the classes of a data set from a text file.

    A line is a name; where the ids in the masks are not 0, 1, 2, ..., the id stands before it, and
    where the classes shall have colors, red, green and blue after it. What one line has, all have.

    Raises:
        ValueError: If a line has another form, or two lines have the same name, id or color.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. {FORM}")
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    rows = [_parse(path, words) for words in lines]
    if not 1 <= len(rows) <= IGNORE_LABEL:
        raise ValueError(f"{path}: names {len(rows)} classes, expected 1 to 255. {FORM}")
    ids, names, colors = zip(*rows, strict=True)
    for what, values in (("id", ids), ("name", names), ("color", colors)):
        given = [value for value in values if value is not None]
        if given and len(given) < len(values):
            raise ValueError(
                f"{path}: some lines have the {what} of their class, others do not. {FORM}"
            )
        repeated = {value for value in given if given.count(value) > 1}
        if repeated:
            raise ValueError(f"{path}: two classes have the {what} {repeated.pop()}. {FORM}")
    return LabelSpace(
        names,
        bit_palette(len(names)) if colors[0] is None else colors,
        None if ids[0] is None else {raw: index for index, raw in enumerate(ids)},
    )


def _parse(path: Path, words: list[str]) -> tuple[int | None, str, tuple | None]:
    """The id, the name and the color of a line; None for what it does not have."""
    raw, color = None, None
    if words[0].isdecimal():
        raw, words = int(words[0]), words[1:]
    if len(words) > 3 and all(word.isdecimal() for word in words[-3:]):
        color, words = tuple(int(word) for word in words[-3:]), words[:-3]
    if not words or max(raw or 0, *(color or (0,))) > 255:
        raise ValueError(f"{path}: a line has no name, or a number above 255. {FORM}")
    return raw, " ".join(words), color
