"""Bodies with a content coding: read as far as they can be, and never taken for what they hide."""

import gzip
import zlib
from pathlib import Path

import brotli  # type: ignore[import-untyped] # it has no types
import pytest
import yaml
from vcr.request import Request

from pytest_conversations.cassette import Scrubber
from pytest_conversations.cassette._compression import decoded
from pytest_conversations.cassette._matching import body_bytes
from pytest_conversations.cli import main

KEY = "zK4hf8Wq2LmP0xVb7TnYc3RdJ6sGaE91"
BODY = b'{"content": "the key is %s"}' % KEY.encode() + bytes(range(32, 127)) * 40
RAW = zlib.compress(BODY)[2:-4]
CODINGS = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "in upper case": ("GZIP", gzip.compress(BODY)),
    "x-gzip": ("x-gzip", gzip.compress(BODY)),
    "several members": ("gzip", gzip.compress(BODY[:1500]) + gzip.compress(BODY[1500:])),
    "deflate": ("deflate", zlib.compress(BODY)),
    "deflate without its head": ("deflate", RAW),
    "br": ("br", brotli.compress(BODY)),
    "identity": ("identity", BODY),
    "two": ("gzip, br", brotli.compress(gzip.compress(BODY))),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
}
ZSTD = b"\x28\xb5\x2f\xfd\x04\x00\xff\xfe"


@pytest.mark.parametrize(("coding", "body"), CODINGS.values(), ids=CODINGS)
def test_codings(coding: str, body: bytes) -> None:
    """By any spelling of their names, and several after each other."""
    assert decoded(body, coding) == (BODY, True)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "", None])
def test_what_was_decoded_already(coding: str | None) -> None:
    """Many tools decode a body and leave the header."""
    assert decoded(BODY, coding) == (BODY, True)
    assert decoded(b"", coding) == (b"", True)


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(BODY)[:-20]), ("deflate", zlib.compress(BODY)[:-20])],
    ids=["gzip", "deflate"],  # the time stands in gzip's: each worker of pytest-xdist had another
)
def test_what_is_cut_is_read_as_far_as_it_goes(coding: str, body: bytes) -> None:
    """And known to be cut; for a replay it stays as it is."""
    plain = decoded(body, coding)
    assert KEY.encode() in plain.body
    assert not plain.is_whole
    sent = Request("POST", "https://api.test/", body, {"content-encoding": coding})
    assert body_bytes(sent) == body


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("zstd", ZSTD),
        ("gzip, zstd", ZSTD),
        ("br", brotli.compress(BODY)[:-20]),
        ("deflate", RAW[:-20]),
    ],
)
def test_what_cannot_be_read(
    coding: str,
    body: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`check` never calls it clean, and a test that records it is warned."""
    headers = {"content-encoding": [coding]}
    response = {"status": {"code": 200}, "headers": headers, "body": {"string": body}}
    headers_of_request: dict[str, str] = {}
    request = {
        "method": "GET",
        "uri": "https://x.test/",
        "headers": headers_of_request,
        "body": None,
    }
    path = tmp_path / "it.yaml"
    document = {"version": 1, "interactions": [{"request": request, "response": response}]}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["check", "--fix", "it.yaml"]) == 1

    out = capsys.readouterr().out
    assert "it.yaml:9: not searched, since it is cut, or its content coding" in out
    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    scrubber.interaction(
        Request("POST", "https://x.test/", body, {"content-encoding": coding}), response
    )
    assert scrubber.unread == {coding}
