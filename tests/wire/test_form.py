"""form_fields: the short fields of a form, whatever lies between them."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from sessiontap.wire.form import form_fields, is_form

_TYPE = 'multipart/form-data; boundary="b"'
_PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
_END = b"--b--\r\n"


def _form(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(_PART % part for part in parts) + _END


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("multipart/form-data; boundary=x", True),
        (" Multipart/Form-Data", True),
        ("application/json", False),
        ("multipart/mixed; boundary=x", False),
        ("", False),
    ],
)
def test_a_form_is_known_by_its_type(content_type: str, form: bool) -> None:
    """The media type decides, in any case."""
    assert is_form(content_type) is form


_NAMES = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters='"\\'),
    min_size=1,
    max_size=20,
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(
    lambda value: value not in {"true", "false"}
)
_FILES = st.tuples(st.text("ab.", min_size=1, max_size=9), st.binary(max_size=300))


@given(fields=st.dictionaries(_NAMES, _TEXTS | _FILES, max_size=6))
def test_what_a_client_encodes_is_read_back(fields: dict[str, str | tuple[str, bytes]]) -> None:
    """The fields of urllib3's forms come back, and its files, whatever their bytes are, do not."""
    body, content_type = encode_multipart_formdata(fields)
    assert form_fields(body, content_type) == {k: v for k, v in fields.items() if isinstance(v, str)}


def test_words_of_json_are_booleans() -> None:
    """`stream` is a flag in a form as it is in JSON; the last of a name wins."""
    body = _form((b"stream", b"true"), (b"echo", b"false"), (b"n", b"1"), (b"n", b"2"), (b"empty", b""))
    assert form_fields(body, _TYPE) == {"stream": True, "echo": False, "n": "2", "empty": ""}


def test_long_values_are_left_out() -> None:
    """A value of 4 KiB is read, a longer one is passed over, and so is a part with an endless head."""
    body = _form((b"long", b"x" * 4097), (b"x" * 5000, b"y"), (b"whole", b"x" * 4096), (b"model", b"m"))
    assert form_fields(body, _TYPE) == {"whole": "x" * 4096, "model": "m"}


def test_parts_beyond_a_number_are_left_out() -> None:
    """256 parts are read."""
    body = _form(*((b"%d" % number, b"x") for number in range(300)))
    assert list(form_fields(body, _TYPE)) == [str(number) for number in range(256)]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (_form((b"model", b"m")), "multipart/form-data"),
        (_form((b"model", b"m")), "multipart/form-data; boundary=other"),
        (_form((b"model", b"m")), "multipart/form-data; boundary=\udce4"),
        (_form((b"model", b"m"))[:-14], _TYPE),
        (b"", _TYPE),
        (b"--b\r\n\r\nno name\r\n--b--", _TYPE),
    ],
)
def test_what_is_no_form_has_no_fields(body: bytes, content_type: str) -> None:
    """No boundary, another one, a body that is cut or empty, a part without a name: no field, no error."""
    assert form_fields(body, content_type) == {}


@given(body=st.binary() | st.lists(st.sampled_from([b"--b", b"\r\n", b'; name="a"', b"x"])).map(b"".join))
def test_arbitrary_bytes_never_raise(body: bytes) -> None:
    """Whatever comes, there are fields or there are none."""
    assert isinstance(form_fields(body, _TYPE), dict)


@pytest.mark.parametrize(
    ("boundary", "filling"),
    [
        ("b0undary", random.Random(1).randbytes(1 << 20)),
        ("-" * 70, b"\r\n--" + b"-" * 60),
        ("-" * 69 + "x", b"-"),
        ("b", b"\r\n--"),
    ],
    ids=["noise", "nearly the boundary", "nearly the boundary, without an end", "half a delimiter"],
)
def test_a_file_of_25_mb_holds_nobody_up(boundary: str, filling: bytes) -> None:
    """The field behind the largest file that is taken for transcription is read in well under a second."""
    delimiter = b"--" + boundary.encode()
    file = b'\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    model = b'\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    noise = filling * ((25 << 20) // len(filling))
    body = delimiter + file + noise + b".\r\n" + delimiter + model + delimiter + b"--\r\n"
    started = time.process_time()
    assert form_fields(body, f"multipart/form-data; boundary={boundary}") == {"model": "whisper-1"}
    assert time.process_time() - started < 0.7
