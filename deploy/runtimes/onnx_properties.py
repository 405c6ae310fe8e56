"""A description inside an .onnx model: an entry of its `metadata_props`.

An .onnx file is a protobuf message (https://onnx.ai/onnx/api/classes.html#modelproto). Its
outermost fields follow one another, so an entry is found, dropped and appended without the `onnx`
package and without parsing the graph between them.
"""

from collections.abc import Iterator

METADATA_PROPS = 14  # the number of the field in ModelProto
KEY, VALUE = 1, 2  # fields of an entry


def join(content: bytes, key: str, text: str) -> bytes:
    """Gives a model's content with this entry, in place of one of the same key."""
    kept = [
        content[start:end]
        for start, end, number, value in _fields(content)
        if number != METADATA_PROPS or _entry(value)[0] != key.encode()
    ]
    entry = _field(KEY, key.encode()) + _field(VALUE, text.encode())
    return b"".join(kept) + _field(METADATA_PROPS, entry)


def read(content: bytes, key: str, max_bytes: int) -> bytes | None:
    """Reads the entry of a key; None if there is none, or if this is no protobuf message.

    Raises:
        ValueError: If the entry is larger than `max_bytes`.
    """
    try:
        values = [value for _, _, number, value in _fields(content) if number == METADATA_PROPS]
        entries = dict(_entry(value) for value in values)
    except (IndexError, EOFError):
        return None
    text = entries.get(key.encode())
    if text is not None and len(text) > max_bytes:
        raise ValueError(f"it has {len(text)} bytes, more than {max_bytes}")
    return text


def _entry(value: bytes) -> tuple[bytes, bytes]:
    fields = {number: content for _, _, number, content in _fields(value)}
    return bytes(fields.get(KEY, b"")), bytes(fields.get(VALUE, b""))


def _fields(content: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yields (start, end, number, value) of each field; a value is empty unless it is bytes.

    Raises:
        IndexError: If the content ends within a number.
        EOFError: If it ends within a field, or a field is of a kind that protobuf has not.
    """
    content = memoryview(content)
    position = 0
    while position < len(content):
        start = position
        tag, position = _varint(content, position)
        value = b""
        match tag & 7:  # protobuf's wire type
            case 0:  # a number
                _, position = _varint(content, position)
            case 1:
                position += 8
            case 2:  # bytes, a text or a message
                length, position = _varint(content, position)
                value = content[position : position + length]
                position += length
            case 5:
                position += 4
            case wire_type:
                raise EOFError(f"wire type {wire_type}")
        if position > len(content):
            raise EOFError("the last field is cut off")
        yield start, position, tag >> 3, value


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    """Reads a number of seven bits a byte, the lowest first; gives it and what follows it."""
    number = shift = 0
    while True:
        byte = content[position]
        position += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, position


def _field(number: int, value: bytes) -> bytes:
    length, head = len(value), bytearray([number << 3 | 2])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return bytes(head) + value
