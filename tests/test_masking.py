from __future__ import annotations

import base64
import json
import random
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessiontap.errors import SettingsError
from sessiontap.masking import MASK, Masker
from tests.oracles import corpus

LETTERS = string.ascii_letters + string.digits
_made = random.Random(7)


def _random(length: int, alphabet: str = LETTERS) -> str:
    """Characters as a key has them: made here, so that no text that looks like a key stands in this file."""
    made = "".join(_made.choice(alphabet) for _ in range(length - 4))
    return made + alphabet[-1] + alphabet[0] + alphabet[-2] + alphabet[-1]


def _hex(length: int) -> str:
    return _random(length, "abcdef0123456789")


def _url64(length: int) -> str:
    return _random(length, LETTERS[:26] + "-_" + LETTERS[26:])


def _jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "somebody", "exp": 1})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*encoded, _url64(43)))


SHAPES = {
    "OpenAI": "sk-" + _random(48),
    "OpenAI project": "sk-" + "proj-" + _url64(120),
    "OpenAI session": "sess-" + _random(40),
    "OpenAI realtime": "ek_" + _hex(32),
    "Anthropic": "sk-" + "ant-api03-" + _url64(93) + "AA",
    "Anthropic OAuth": "sk-" + "ant-oat01-" + _url64(93) + "AA",
    "OpenRouter": "sk-" + "or-v1-" + _hex(64),
    "DeepSeek": "sk-" + _hex(32),
    "Helicone": "sk-" + "helicone-" + "-".join(_random(7, "abcdefghijk234567") for _ in range(4)),
    "Langfuse secret": "sk-" + "lf-" + "-".join(_hex(length) for length in (8, 5, 5, 5, 12)),
    "Langfuse public": "pk-" + "lf-" + "-".join(_hex(length) for length in (8, 5, 5, 5, 12)),
    "Google": "AI" + "za" + _url64(35),
    "Google client secret": "GOC" + "SPX-" + _url64(28),
    "Groq": "gsk" + "_" + _random(52),
    "xAI": "xai" + "-" + _random(80),
    "Perplexity": "pplx" + "-" + _random(48),
    "Cerebras": "csk" + "-" + _random(48),
    "Replicate": "r8" + "_" + _random(37),
    "Hugging Face": "hf" + "_" + _random(34),
    "Fireworks": "fw" + "_" + _random(24),
    "NVIDIA": "nvapi" + "-" + _url64(64),
    "Together": "tgp" + "_v1_" + _url64(43),
    "ElevenLabs": "sk" + "_" + _hex(48),
    "Databricks": "dapi" + _hex(32),
    "Tavily": "tvly" + "-" + _random(32),
    "LangSmith": "lsv2" + "_pt_" + _hex(32),
    "AWS": "AK" + "IA" + _random(16, string.ascii_uppercase + "234567"),
    "AWS temporary": "AS" + "IA" + _random(16, string.ascii_uppercase + "234567"),
    "AWS session token": "IQoJ" + "b3JpZ2lu" + _random(300, LETTERS + "+/"),
    "Bedrock": "AB" + "SK" + _random(100, LETTERS + "+/") + "==",
    "GitHub": "gh" + "p_" + _random(36),
    "GitHub app": "gh" + "s_" + _random(36),
    "GitHub fine-grained": "github" + "_pat_" + _random(22) + "_" + _random(59),
    "GitLab": "gl" + "pat-" + _url64(20),
    "npm": "npm" + "_" + _random(36),
    "PyPI": "pypi" + "-AgE" + _url64(150),
    "Slack bot": "xox" + "b-123456789012-1234567890123-" + _random(24),
    "Slack app": "xapp" + "-1-A0123456789-1234567890123-" + _hex(64),
    "Stripe": "sk" + "_live_" + _random(24),
    "JWT": _jwt(),
}

PLACES = {
    "OAuth of Google": ("ya29.", _url64(180), ""),
    "SendGrid": ("SG.", _url64(22) + "." + _url64(43), ""),
    "Google refresh token": ("1//", "0" + _url64(99), ""),
    "bearer": ("Authorization: Bearer ", _url64(40), ""),
    "bearer, short": ("authorization: bearer ", "hunter2-hunter2", ""),
    "basic": ("Authorization: Basic ", base64.b64encode(b"somebody:hunter2").decode().rstrip("="), "=="),
    "AWS secret": ("aws_secret_access_key = ", _random(40, LETTERS + "+/"), "\n"),
    "AWS secret of the environment": ("export AWS_SECRET_ACCESS_KEY=", _random(40, LETTERS + "+/"), "\n"),
    "AWS secret, as the SDKs spell it": ("SecretAccessKey: ", _random(40, LETTERS + "+/"), ""),
    "Mistral": ("MISTRAL_API_KEY=", _random(32), " python run.py"),
    "Azure OpenAI": ("api-key: ", _hex(32), ""),
    "Azure storage": (
        "DefaultEndpointsProtocol=https;AccountKey=",
        _random(86, LETTERS + "+/") + "==",
        ";x=y",
    ),
    "OAuth client": ("client_secret=", _url64(40), "&grant_type=client_credentials"),
    "query string": ("https://host/v1/models?alt=sse&key=", "hunter2hunter2", "&x=1"),
    "query string, first": ("https://host/v1?key=", _url64(39), ""),
    "query string, escaped by Go": ("https://host/v1?alt=sse\\u0026key=", _url64(39), ""),
    "query string in HTML": ("https://host/v1?alt=sse&amp;key=", _url64(39), ""),
    "Azure SAS": ("https://a.blob.core.windows.net/c/b?sv=2022-11-02&sig=", _random(42) + "%3D", "&se=1"),
    "AWS signature": ("https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=", _hex(64), "&x=y"),
    "AWS token": ("https://b.s3.amazonaws.com/k?x=y&X-Amz-Security-Token=", _random(200), "&x=y"),
    "Google signature": ("https://storage.googleapis.com/b/o?X-Goog-Date=1&X-Goog-Signature=", _hex(512), ""),
    "Slack webhook": ("https://hooks.slack" + ".com/services", "/T0123456/B0123456/" + _random(24), ""),
    "Postgres": ("postgres://somebody:", "pass", "@db.internal:5432/app"),
    "MongoDB": ("mongodb+srv://somebody:", "p4ss%20w@rd", "@cluster0.example.net/x?retryWrites=true"),
    "Redis": ("redis://:", "hunter2", "@localhost:6379/0"),
    "basic authentication in an address": ("https://somebody:", "hunter2", "@host.example/path"),
}
"""What stands before the credential and stays, the credential, what stands behind it and stays."""

FRAMES = [
    "{}",
    " {} ",
    "({})",
    "`{}`",
    '"{}"',
    "'{}'",
    "x = {}\n",
    "first\n{}\nlast",
    "\t{}\r\n",
    "ключ: {}",
    "<b>{}</b>",
]

KEPT = [
    "",
    "import sklearn; pip install sk-learn sk-learn-intelex-extension-for-python3",
    "task-2024-11-05-refactoring-of-the-parser and risk-assessment-2024-11-05-final",
    "disk-1234567890-abcdefghij desk-1234567890-abcdefghij",
    '<div class="sk-fading-circle sk-circle-fade-dot-spinner sk-cube-grid-item-container9">',
    "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad, tree 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "123e4567-e89b-12d3-a456-426614174000",
    "toolu_01A09q90qw90lq917835lq9 call_abc123DEF456ghi789JKL msg_013Zva2CMHLNnjNJJKqJ2EF",
    "chatcmpl-9abcDEF123ghi456abcDEF req_011CSHoEeqs5C35K2UUqR7Fy",
    "claude-sonnet-4-5-20250929 gpt-4.1-mini-2025-04-14 pplx-70b-online gemini-2.5-flash-preview-09-2025",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0 accounts/fireworks/models/llama-v3p1-405b-instruct",
    'api_key = os.environ["OPENAI_API_KEY_2"]',
    "api_key=os.environ.get(NAME_1) or settings.providers.openai.api_key_1",
    "client = OpenAI(api_key=self._configuration_of_2.api_key, base_url=base_url)",
    "api_key: ${{ secrets.OPENAI_API_KEY_2024 }}",
    'api_key_env: "api_key": "OPENAI_API_KEY_2"',
    "apiKey: process.env.OPENAI_API_KEY_2, accessToken: await getAccessToken2(credentials)",
    "the api_key is required; api_key=YOUR_API_KEY",
    "access_token = create_access_token_for_2(user)",
    'if(a&&key=next1234567(b))return a?key=b1:c;for(var key="abc12345",t=0;t<9;t++)',
    "max_tokens=100000000000&page=2, page_token=abcdefgh12345678, next_token: CAUQAA1234567890abcdef",
    "the bearer of bad news; Bearer ${process.env.TOKEN_NUMBER_2_OF_THE_SERVICE}; basic understanding",
    "postgres://${DB_USER}:${DB_PASS}@host/db postgres://user:<password>@host redis://localhost:6379/0",
    "http://localhost:8080/@scope/package@1.2.3 ssh://git@github.com:org/repo.git https://host:443/a@b",
    "https://cdn.jsdelivr.net/npm/react@18.2.0/umd/react.production.min.js",
    'pem.startswith("-----BEGIN PRIVATE KEY-----") and pem.endswith("-----END PRIVATE KEY-----")',
    "The file begins with -----BEGIN RSA PRIVATE KEY----- and holds base64, and then, my friends, it ends.",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Z3V\n-----END PUBLIC KEY-----",
    "eyJhbGciOiJIUzI1NiJ9 is a header",
    "hf_hub_download_of_a_file_with_progress_2 npm_config_registry_of_the_company_2 gho_ fw_",
    "the_sk-abc sk-1234 sk-...abcd",
    '{"type":"reasoning","encrypted_content":"gAAAAABo' + _url64(2000) + '=="}',
    '{"thoughtSignature":"' + _random(3000, LETTERS + "+/") + '="}',
]


@pytest.fixture(scope="module")
def masker() -> Masker:
    """One without patterns of a user."""
    return Masker(())


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("credential", SHAPES.values(), ids=SHAPES)
def test_a_credential_is_known_by_its_shape(masker: Masker, credential: str, frame: str) -> None:
    """A key of each kind goes as a whole wherever it stands; the text around it stays."""
    assert masker.mask(frame.format(credential)) == frame.format(MASK)


@pytest.mark.parametrize("frame", FRAMES[:-1])
@pytest.mark.parametrize(("before", "credential", "after"), PLACES.values(), ids=PLACES)
def test_a_credential_is_known_by_its_place(
    masker: Masker, before: str, credential: str, after: str, frame: str
) -> None:
    """What stands where a credential stands goes; what names it stays."""
    text = frame.replace("{}", before + credential + after)
    masked = masker.mask(text)
    assert credential not in masked
    assert masked.startswith(frame.partition("{}")[0] + before + MASK)
    assert masked.rstrip("=").endswith((after + frame.partition("{}")[2]).lstrip("="))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("before", ["", "\n", "\t", "\r\n", "é", "\x1b", '"', "/"])
@pytest.mark.parametrize("credential", SHAPES.values(), ids=SHAPES)
def test_json_within_json_stays_json(masker: Masker, credential: str, before: str, depth: int) -> None:
    """A key behind an escape goes, and the escape stays whole."""
    content, expected = f"a {before}{credential}\nb", f"a {before}{MASK}\nb"
    for _ in range(depth):
        content, expected = json.dumps({"content": content}), json.dumps({"content": expected})
    assert masker.mask(content) == expected


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(("before", "credential", "after"), PLACES.values(), ids=PLACES)
def test_places_in_json_within_json(
    masker: Masker, before: str, credential: str, after: str, depth: int
) -> None:
    """Places are known however often they are escaped."""
    text = f"\n{before}{credential}{after}\n"
    for _ in range(depth):
        text = json.dumps([text])
    masked = masker.mask(text)
    assert credential not in masked
    assert MASK in masked
    for _ in range(depth):
        (masked,) = json.loads(masked)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "x-api-key", "secretAccessKey", "client_secret", "accessToken", "authToken"]
)
def test_a_field_of_json(masker: Masker, name: str, depth: int) -> None:
    """The value of a field whose name says that it is a credential goes."""
    value = _random(32)
    text, expected = json.dumps({name: value, "x": 1}), json.dumps({name: MASK, "x": 1})
    for _ in range(depth):
        text, expected = json.dumps({"body": text}), json.dumps({"body": expected})
    assert masker.mask(text) == expected


@pytest.mark.parametrize("escape", ["\\/", "\\u002f", "\\u002F"])
def test_escaped_characters_of_a_secret(masker: Masker, escape: str) -> None:
    """Some writers of JSON escape a solidus or a plus: the rest of the secret goes too."""
    secret = escape.join(_random(12) for _ in range(3))
    assert masker.mask(f'{{"secretAccessKey":"{secret}"}}') == f'{{"secretAccessKey":"{MASK}"}}'
    assert masker.mask(f'{{"u":"postgres:{escape}x"}}') == f'{{"u":"postgres:{escape}x"}}'
    assert masker.mask('{"u":"postgres:\\/\\/me:hunter2@host"}') == f'{{"u":"postgres:\\/\\/me:{MASK}@host"}}'


def _pem(kind: str = "RSA PRIVATE KEY", lines: int = 25, headers: str = "") -> tuple[str, list[str]]:
    body = [_random(64, LETTERS + "+/") for _ in range(lines)] + [_random(30) + "=="]
    return "\n".join(
        [f"-----BEGIN {kind}-----", *([headers] if headers else []), *body, f"-----END {kind}-----"]
    ), body


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("PRIVATE KEY", ""),
        ("RSA PRIVATE KEY", ""),
        ("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n"),
        ("OPENSSH PRIVATE KEY", ""),
        ("PGP PRIVATE KEY BLOCK", "Version: GnuPG v2\nComment: one, two; three\n"),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_private_keys(masker: Masker, kind: str, headers: str, depth: int) -> None:
    """Each line of a private key goes; its first line and its last stay, as does what stands around it."""
    pem, body = _pem(kind, headers=headers)
    text = f"before\n{pem}\nafter"
    for _ in range(depth):
        text = json.dumps({"private_key": text})
    masked = masker.mask(text)
    assert not [line for line in body if line.strip("=") in masked]
    for _ in range(depth):
        masked = json.loads(masked)["private_key"]
    assert masked.startswith(f"before\n-----BEGIN {kind}-----\n")
    assert masked.endswith(f"{MASK}\n-----END {kind}-----\nafter")


def test_private_keys_in_other_forms(masker: Masker) -> None:
    """Cut short, in one line, or as the lines of a program: the key goes, and the program stays."""
    pem, body = _pem()
    assert not [line for line in body[:9] if line in masker.mask("\n".join(pem.split("\n")[:10]))]
    assert masker.mask(pem.replace("\n", " ")).count(MASK) == len(body)
    code = "\n".join(f'    "{line}\\n" +' for line in pem.split("\n")) + ' "";'
    masked = masker.mask(json.dumps(code))
    assert not [line for line in body if line in masked]
    assert (
        json.loads(masked)
        == "\n".join(f'    "{MASK if line in body else line}\\n" +' for line in pem.split("\n")) + ' "";'
    )


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_credential_stays(masker: Masker, text: str) -> None:
    """Code, prose, ids, hashes, model names and encrypted content stay, also within JSON."""
    assert masker.mask(text) is text
    for escaped in (json.dumps(text), json.dumps(json.dumps(text))):
        assert masker.mask(escaped) == escaped
    data = text.encode()
    assert masker.mask_bytes(data) is data


def test_images_stay(masker: Masker) -> None:
    """Two megabytes of base64, plain and as a data address, stay as they are."""
    image = base64.b64encode(random.Random(3).randbytes(2_000_000)).decode()
    for text in (image, f"data:image/png;base64,{image}", image.replace("+", "-").replace("/", "_")):
        assert masker.mask(text) is text


def test_several_in_one_text(masker: Masker) -> None:
    """All go, also where they stand side by side, and twice."""
    keys = list(SHAPES.values()) * 2
    assert masker.mask(" ".join(keys)) == " ".join([MASK] * len(keys))
    assert masker.mask(json.dumps(keys)) == json.dumps([MASK] * len(keys))
    assert masker.mask(f"?a=1&key={SHAPES['Google']}&sig=abc%2Fdef12") == f"?a=1&key={MASK}&sig={MASK}"


def test_bytes_that_are_no_text(masker: Masker) -> None:
    """Bytes of any kind pass; a key between them goes."""
    key = SHAPES["OpenAI"].encode()
    noise = bytes(range(256))
    assert masker.mask_bytes(noise) is noise
    assert masker.mask_bytes(noise + b" " + key + b" " + noise) == noise + b" " + MASK.encode() + b" " + noise
    assert masker.mask("\udcff " + SHAPES["OpenAI"] + " \ud800") == f"\udcff {MASK} \ud800"


class TestPatternsOfTheUser:
    """The option `sessiontap_mask`."""

    def test_they_come_after_ours(self) -> None:
        """What they fit goes, in texts and in bytes, beside what goes anyway."""
        masker = Masker([r"ACME-\d{6}", "(?i)größe"])
        text = f"ACME-123456 and {SHAPES['OpenAI']}, GRÖSSE Größe ACME-1"
        expected = f"{MASK} and {MASK}, GRÖSSE {MASK} ACME-1"
        assert masker.mask(text) == expected
        assert masker.mask_bytes(text.encode()) == expected.encode()
        assert masker.mask_bytes(b"\xff ACME-123456") == b"\xff " + MASK.encode()

    def test_nothing_found(self) -> None:
        """A text in which they find nothing is the very same, and so are bytes."""
        masker = Masker([r"ACME-\d{6}", r"\b(?=x)"])
        text, data = "größe x", b"\xff x"
        assert masker.mask(text) == text
        assert masker.mask_bytes(data) == data

    @pytest.mark.parametrize(
        ("pattern", "why"), [("(", "no regular expression"), ("x*", "fits the empty text")]
    )
    def test_a_mistake_is_told(self, pattern: str, why: str) -> None:
        """A pattern that is none, or fits everywhere, is refused with the option's name and the pattern."""
        with pytest.raises(SettingsError, match=f"sessiontap_mask: .*{why}"):
            Masker([pattern])


_credentials = st.sampled_from([*SHAPES.values(), *("".join(place) for place in PLACES.values())])
_words = st.text(alphabet=st.sampled_from(LETTERS + '\\"/\n\t-_=&?:@. é\x1b'), max_size=12)
_strings = st.lists(_words | _credentials, max_size=5).map("".join)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _strings,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_strings, inner, max_size=4) | inner.map(json.dumps)
    ),
    max_leaves=12,
)


def _same_shape(left: Any, right: Any) -> bool:
    """Whether two values of JSON differ in their strings only."""
    if isinstance(left, str):
        return isinstance(right, str) and (left == right or MASK in right)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(_same_shape, left, right))
    if isinstance(left, dict):
        # Two keys may have become one.
        return isinstance(right, dict) and (len(left) >= len(right))
    return type(left) is type(right) and left == right


@settings(deadline=None, max_examples=400)
@given(value=_json, ascii_only=st.booleans())
def test_json_stays_json(value: Any, ascii_only: bool) -> None:
    """A masked JSON text is one, and differs from what it was in strings only."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    masked = Masker(()).mask(text)
    assert _same_shape(value, json.loads(masked))
    assert Masker(()).mask_bytes(text.encode()) == masked.encode()


@settings(deadline=None, max_examples=300)
@given(before=st.text(), after=st.text(), credential=st.sampled_from(list(SHAPES.values())))
def test_no_key_survives_between_any_words(before: str, after: str, credential: str) -> None:
    """Whatever stands around it, a key that is set apart by spaces is gone."""
    assert credential not in Masker(()).mask(f"{before} {credential} {after}")


@settings(deadline=None, max_examples=300)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes(data: bytes) -> None:
    """Nothing is raised, and masking what is masked changes nothing."""
    masked = Masker(()).mask_bytes(data)
    assert Masker(()).mask_bytes(masked) == masked


HOSTILE = [
    "sk-", "sk-a", "\\nsk-", "\\usk-", "-sk-aaaaaaaaaaaaaaaaaaaa", "sk-" + "a" * 30 + " ", "a" * 20 + " ",
    "_", "-eyJ", "eyJaaaaaaaaaaa.", "eyJ" + "a" * 30 + ".eyJ" + "a" * 30 + ". ", "ya29.",
    "SG." + "a" * 20 + ".",
    "dapi", "AKIA", "AIza", "xoxb-", "a.", "1//0", "IQoJb3JpZ2lu", "%3D", "\\", " ", "\n", "+ ", "=", "/",
    '"', "bearer ", "Bearer " + "a" * 30 + " ", "Bearer " + "a/" * 30, "authorization: bearer ",
    "authorization",
    "api_key=", 'api_key: "', "api_key=aaaaaaaaaaaaaaaaaaaa ", "api_key=a_", "api_key='\\\\\\\\\\'",
    "api_key   ",
    "api_key=1/", "api_key=1(", "?key=", "?key=a", "&sig=aaaaaaaa1", "?x-amz-signature=", "key", "token",
    "client_secret", "://", "://a", "://a:", "://:a@", "://a:b@@", "://" + "a" * 60 + ":",
    "hooks.slack.com/", "https://hooks.slack.com/services/", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ",
    "A: b\n",
    "-----BEGIN PRIVATE KEY-----\\n" + "a" * 64, "a" * 64 + "\n", "\\\\n",
    "-----BEGIN PRIVATE KEY-----Aaa:",
]  # fmt: skip
STARTS = (
    "-----BEGIN RSA PRIVATE KEY-----", "sk-", "api_key=", "://a:", "Authorization: Bearer ", "?key=",
    "client_secret: '",
)  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_masking_takes_linear_time(masker: Masker, unit: str) -> None:
    """Five megabytes made to be slow take well under a second, alone and behind the start of a credential."""
    for start in ("", *STARTS):
        # The starts get less: quadratic time shows at a tenth of the size as well.
        size = 500_000 if start else 5_000_000
        data = (start + unit * (size // len(unit))).encode()
        started = time.process_time()
        masker.mask_bytes(data)
        assert time.process_time() - started < (0.4 if start else 2.0), start


def test_a_body_without_a_secret_takes_milliseconds(masker: Masker) -> None:
    """A megabyte of a conversation about code is read in some milliseconds."""
    source = Path(json.__file__).read_text("utf-8")
    data = json.dumps([{"role": "user", "content": source}] * (1_000_000 // len(source))).encode()
    took = []
    for _ in range(5):
        started = time.perf_counter()
        assert masker.mask_bytes(data) is data
        took.append(time.perf_counter() - started)
    assert min(took) < 0.05


@pytest.mark.skipif(not corpus.HTTP_FILE.exists(), reason="the recorded exchanges are not here")
def test_recorded_exchanges_hold_signed_addresses_only(masker: Masker) -> None:
    """In all that was recorded, three addresses of images have a signature; nothing else is masked."""
    masked = [
        (exchange, found)
        for exchange in corpus.exchanges()
        for body in (exchange.request, exchange.body)
        if (found := masker.mask_bytes(body)) is not body
    ]
    assert len(masked) == 3
    assert all(body.count(MASK.encode()) == 1 for _, body in masked)
    assert all(b"&sig=" + MASK.encode() in body for _, body in masked)
