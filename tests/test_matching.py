"""Which requests are the same, and what is said when none is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vcr.request import Request

from pytest_conversations.cassette import ConversationCassette, Matching, Scrubber
from pytest_conversations.errors import UnrecordedRequestError

URL = "https://api.mistral.ai/v1/conversations"


def _cassette(path: Path, *recorded: Request, match_on: tuple[str, ...]) -> ConversationCassette:
    first = ConversationCassette(str(path), mode="once", scrubber=Scrubber({}))
    for number, request in enumerate(recorded):
        first.record(request).response = {
            "status": {"code": 200, "message": "OK"},
            "headers": {},
            "body": {"string": b"%d" % number},
        }
    first.write()
    return ConversationCassette(
        str(path), mode="none", scrubber=Scrubber({}), matching=Matching(match_on)
    )


def _plays(path: Path, recorded: Request, made: Request, *match_on: str) -> bool:
    names = match_on or ("method", "path", "query", "body")
    cassette = _cassette(path / "cassette.yaml", recorded, match_on=names)
    admitted = cassette.admit(made)
    assert admitted is not None
    try:
        return cassette.play(admitted) is not None
    except UnrecordedRequestError:
        return False
    finally:
        (path / "cassette.yaml").unlink()


def _post(body: bytes, uri: str = URL, **headers: str) -> Request:
    return Request("POST", uri, body, headers)


@pytest.mark.parametrize(
    ("recorded", "made", "same"),
    [
        (_post(b'{"a":1,"b":[2]}'), _post(b'{ "b": [2.0], "a": 1 }'), True),
        (_post(b'{"a":"\\u00e9"}'), _post('{"a":"é"}'.encode()), True),
        (_post(b'{"inputs":"A"}'), _post(b'{"inputs":"B"}'), False),
        (_post(b'{"a":1}'), _post(b'{"a":true}'), False),
        (_post(b'{"a":[1,2]}'), _post(b'{"a":[2,1]}'), False),
        (_post(b'{"a":null}'), _post(b"{}"), False),
        (_post(b"a=1&b=2"), _post(b"b=2&a=1"), False),
        (_post(b"\xff\xfe"), _post(b"\xff\xfe"), True),
        (_post(b"", URL + "#stream"), _post(b""), True),
        (_post(b"", URL + "?a=1&b=2"), _post(b"", URL + "?b=2&a=1"), True),
        (_post(b"", URL + "?a="), _post(b"", URL), False),
        (_post(b"", URL + ";a"), _post(b"", URL + ";b"), False),
        (_post(b"", URL), _post(b"", "http://localhost:8000/v1/conversations"), True),
        (_post(b"", accept="a"), _post(b"", accept="b"), True),
        (_post(b""), Request("GET", URL, b"", {}), False),
    ],
)
def test_default_matching(tmp_path: Path, recorded: Request, made: Request, *, same: bool) -> None:
    """Method, path, query, and the body: JSON by meaning, others byte for byte."""
    assert _plays(tmp_path, recorded, made) is same


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("method", Request("PUT", URL, b"{}", {"accept": "1"})),
        ("uri", _post(b"{}", URL + "/x", accept="1")),
        ("url", _post(b"{}", URL + "?x=1", accept="1")),
        ("scheme", _post(b"{}", URL.replace("https", "http"), accept="1")),
        ("host", _post(b"{}", URL.replace("mistral", "other"), accept="1")),
        ("port", _post(b"{}", URL.replace(".ai", ".ai:8443"), accept="1")),
        ("path", _post(b"{}", URL + "/x", accept="1")),
        ("query", _post(b"{}", URL + "?x=1", accept="1")),
        ("headers", _post(b"{}", accept="2")),
        ("raw_body", _post(b"{ }", accept="1")),
        ("body", _post(b"[1]", accept="1")),
    ],
)
def test_matchers_of_vcrpy_can_be_named(tmp_path: Path, name: str, other: Request) -> None:
    """Each name of vcrpy's matchers compares what it does there, and nothing else."""
    same = _post(b"{}", accept="1")
    assert _plays(tmp_path, same, same, name)
    assert not _plays(tmp_path, same, other, name)


def test_a_matcher_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """The message lists those there are."""
    with pytest.raises(ValueError, match=r"match_on has 'bdy'; choose from method, uri"):
        _cassette(tmp_path / "cassette.yaml", match_on=("bdy",))


@pytest.mark.parametrize(
    ("pointer", "other", "same"),
    [
        ("/run", {"run": 2}, True),
        ("/run", {"n": 2}, False),
        ("/none", {}, True),
        ("/run", {"run": None}, True),
        ("/items/0/at", {"items": [{"at": 9, "x": 1}, {"at": 2}]}, True),
        ("/items/0/at", {"items": [{"at": 1, "x": 1}, {"at": 9}]}, False),
        ("/items/*/at", {"items": [{"at": 8, "x": 1}, {"at": 9}]}, True),
        ("/items/*", {"items": []}, True),
        ("/*/a~1b~0", {"deep": {"a/b~": 9}}, True),
        ("/deep/a~1b~0/c", {"deep": {"a/b~": 9}}, False),
        ("/run/below/it", {}, True),
    ],
)
def test_what_is_ignored_does_not_count(
    pointer: str,
    other: dict[str, object],
    same: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    """A JSON Pointer, with ``*`` for any one key or index; all else still does."""
    body = {"run": 1, "n": 1, "items": [{"at": 1, "x": 1}, {"at": 2}], "deep": {"a/b~": 1}}
    matching = Matching(["body"], [pointer])
    one, two = (_post(json.dumps(each).encode()) for each in (body, body | other))
    assert (matching.key(one) == matching.key(two)) is same
    assert matching.differing(one, two) == ([] if same else ["body"])
    without = {key: value for key, value in body.items() if f"/{key}" != pointer}
    if pointer.count("/") == 1:  # as if it were not there
        assert matching.key(one) == matching.key(_post(json.dumps(without).encode()))


@pytest.mark.parametrize("pointer", ["", "run", "#/run"])
def test_a_pointer_that_is_none_is_refused(pointer: str) -> None:
    """With what one is."""
    with pytest.raises(ValueError, match=f"match_ignore has '{pointer}'; a JSON Pointer begins"):
        Matching(["body"], [pointer])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
bodies = st.dictionaries(st.text(max_size=3), json_values, max_size=3)


@given(bodies, bodies)
def test_json_bodies_match_when_they_mean_the_same(
    a: dict[str, object], b: dict[str, object]
) -> None:
    """Never when they do not: another prompt never gets this prompt's answer."""
    scrubber = Scrubber({})
    matching = Matching()
    recorded = scrubber.request(_post(json.dumps(a, indent=1).encode()))
    made = scrubber.request(
        _post(json.dumps(dict(reversed(b.items())), ensure_ascii=False).encode())
    )
    are_one = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (matching.key(recorded) == matching.key(made)) is are_one


def test_a_miss_explains_itself(tmp_path: Path) -> None:
    """It names the cassette, the closest request, what differs, a diff, and what to run."""
    path = tmp_path / "cassette.yaml"
    recorded = [_post(b'{"inputs":"One","n":1}'), _post(b'{"inputs":"Two","n":2}'), _post(b"x")]
    names = ("method", "path", "query", "body")
    cassette = _cassette(path, *recorded, match_on=names)
    made = cassette.admit(_post(b'{"n":2,"inputs":"Tow"}'))
    assert made is not None
    with pytest.raises(UnrecordedRequestError) as caught:
        cassette.play(made)
    assert str(caught.value).splitlines() == [
        f"Not recorded: POST {URL}",
        f"Cassette: {path} (mode none), 3 interactions, 0 played",
        f"Closest is interaction 2, POST {URL}; it differs in body.",
        "  --- recorded body",
        "  +++ this body",
        "  @@ -1,4 +1,4 @@",
        "   {",
        '  -  "inputs": "Two",',
        '  +  "inputs": "Tow",',
        '     "n": 2',
        "   }",
        "To record it: use a mode that records",
    ]
    assert cassette.refusals == [caught.value]


def test_a_miss_on_a_huge_body_stays_readable(tmp_path: Path) -> None:
    """A line of the diff is cut where an image, say, stands in it."""
    images = [_post(json.dumps({"image": letter * 100_000}).encode()) for letter in "ab"]
    cassette = _cassette(tmp_path / "cassette.yaml", images[0], match_on=("method", "body"))
    made = cassette.admit(images[1])
    assert made is not None
    with pytest.raises(UnrecordedRequestError, match=r"aaa… \(\d+ characters\)") as caught:
        cassette.play(made)
    assert len(str(caught.value)) < 2000


def _miss(path: Path, recorded: str, made: str) -> str:
    """What is said where a prompt was recorded, and another is sent."""
    requests = [_post(json.dumps({"inputs": inputs}).encode()) for inputs in (recorded, made)]
    cassette = _cassette(path, requests[0], match_on=("method", "body"))
    admitted = cassette.admit(requests[1])
    assert admitted is not None
    with pytest.raises(UnrecordedRequestError) as caught:
        cassette.play(admitted)
    return str(caught.value)


@pytest.mark.parametrize(
    ("recorded", "made"),
    [
        ("My key is <API_KEY>.", "My key is hunter2."),
        ("<API_KEY>", "hunter2"),
        ("<API_KEY><TOKEN>", "hunter2"),
        ("<API_KEY> is <TOKEN> is <PASSWORD>", "hunter2 is it is that"),
        ("<API_KEY>, <TOKEN>, ", "a, hunter2, b, "),
    ],
)
def test_a_miss_hides_what_has_the_place_of_a_secret(
    tmp_path: Path, recorded: str, made: str
) -> None:
    """The line is shown as it was recorded, and told not to be what was sent."""
    message = _miss(tmp_path / "cassette.yaml", recorded, made)
    assert made not in message
    assert "hunter2" not in message
    assert "What this body has in the place of a secret of the recording is not shown." in message


@pytest.mark.parametrize(
    ("recorded", "made"),
    [
        ("My key is <API_KEY>.", "Our key is hunter2."),
        ("My key is <API_KEY>.", "My key is hunter2!"),
        ("My key is <API_KEY>.", "My key is ."),
        ("<API_KEY><TOKEN>", "h"),
        ("<API_KEY>, <TOKEN>, <PASSWORD>", "hunter2, it"),
        ("<API_KEY>, , <TOKEN>, ", "hunter2, , "),
        ("a<API_KEY>a", "a"),
    ],
)
def test_a_miss_shows_what_differs_beside_a_secret(
    tmp_path: Path, recorded: str, made: str
) -> None:
    """A line that says something else than the recording, or has nothing in a place, is shown."""
    lines = _miss(tmp_path / "cassette.yaml", recorded, made).splitlines()
    assert f'  -  "inputs": "{recorded}"' in lines
    assert f'  +  "inputs": "{made}"' in lines
    assert not any(line.startswith("What this body has") for line in lines)


def test_a_miss_on_a_text_with_many_tags(tmp_path: Path) -> None:
    """Tags look like places of secrets, and all ways to fit so many would never be tried."""
    recorded = f"Sum: {'<TR><TD>12</TD></TR>' * 12} in EUR"
    made = recorded.replace("EUR", "USD")
    lines = _miss(tmp_path / "cassette.yaml", recorded, made).splitlines()
    assert any(recorded in line for line in lines if line.startswith("  -"))
    assert any(made in line for line in lines if line.startswith("  +"))


def test_a_miss_on_what_was_played_says_so(tmp_path: Path) -> None:
    """The second time, the recording is used up."""
    cassette = _cassette(tmp_path / "cassette.yaml", _post(b"{}"), match_on=("method", "body"))
    made = cassette.admit(_post(b"{}"))
    assert made is not None
    assert cassette.play(made) is not None
    with pytest.raises(UnrecordedRequestError, match="interaction 1, which was played already"):
        cassette.play(made)
    assert cassette.all_played
    assert cassette.unused == []


def test_the_boundary_of_a_form_does_not_count(tmp_path: Path) -> None:
    """Each request draws another one; what stands between them counts."""

    def form(boundary: str, text: str) -> Request:
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\n{text}\r\n'
            f"--{boundary}--\r\n"
        )
        headers = {"Content-Type": f'multipart/form-data; charset=utf-8; boundary="{boundary}"'}
        return Request("POST", "https://x.test/", body.encode(), headers)

    assert _plays(tmp_path, form("one", "a"), form("two", "a"))
    assert not _plays(tmp_path, form("one", "a"), form("two", "b"))
    assert not _plays(tmp_path, form("one", "a"), form("two", "a"), "raw_body")
