"""One cassette of many interactions, replayed: how the time grows with their number.

Run as ``python -m benchmarks.replaying LANE ORDER FOLDER N...``; it prints its figures as JSON.
"""

import collections
import contextlib
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from benchmarks import figures, files, traffic
from benchmarks.calls import API
from benchmarks.talking import HEADERS, KEY
from benchmarks.traffic import Exchange

ORDERS = ("ordered", "reversed", "equal")
_FITTED = 100  # what is fixed would hide the growth of smaller ones

Lane = Callable[[Path], contextlib.AbstractContextManager[httpx.Client]]


def file_of(folder: Path, lane: str, order: str, size: int) -> Path:
    """Where the interactions of a lane are."""
    form = {"own": "own", "mock": "plain"}.get(lane, "vcrpy")
    kind = "equal" if order == "equal" else "distinct"
    return folder / f"{form}-{kind}-{size}.{'json' if form == 'plain' else 'yaml'}"


def exchanges(order: str, size: int) -> list[Exchange]:
    """The interactions, in the order in which they are recorded."""
    if order == "equal":
        return [traffic.start(0, again=number) for number in range(size)]
    return [traffic.appended(number) for number in range(size)]


def write_data(folder: Path, size: int) -> None:
    """Write the cassettes of a size."""
    for order in ("ordered", "equal"):
        made = exchanges(order, size)
        files.write_own(file_of(folder, "own", order, size), made)
        files.write_vcrpy(file_of(folder, "vcrpy", order, size), made)
        files.write_plain(file_of(folder, "mock", order, size), made)


@contextlib.contextmanager
def _own(path: Path) -> Iterator[httpx.Client]:
    from pytest_conversations.capture import Capture
    from pytest_conversations.cassette import ConversationCassette, Scrubber

    scrubber = Scrubber({"MISTRAL_API_KEY": KEY})
    cassette = ConversationCassette(str(path), mode="none", scrubber=scrubber)
    with Capture(cassette, [API]).installed():
        yield _CLIENT


@contextlib.contextmanager
def _vcrpy(path: Path) -> Iterator[httpx.Client]:
    import vcr

    with vcr.use_cassette(str(path), record_mode="none"):
        yield _CLIENT


@contextlib.contextmanager
def _cassetter(path: Path) -> Iterator[httpx.Client]:
    import cassetter

    with cassetter.use_cassette(path, record_mode="none"):
        yield _CLIENT


@contextlib.contextmanager
def _mock(path: Path) -> Iterator[httpx.Client]:
    answers = collections.defaultdict[tuple[str, str], collections.deque[httpx.Response]](
        collections.deque
    )
    for each in json.loads(path.read_text(encoding="utf-8")):
        body = "".join(each["chunks"]).encode()
        answers[tuple(each["key"])].append(
            httpx.Response(200, headers=each["headers"], content=body)
        )

    def handler(request: httpx.Request) -> httpx.Response:
        return answers[request.method, request.url.path].popleft()

    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        yield client


LANES: dict[str, Lane] = {
    "own": _own,
    "vcrpy": _vcrpy,
    "cassetter": _cassetter,
    "mock": _mock,
}
_CLIENT = httpx.Client()


def measure(lane: str, order: str, folder: Path, sizes: list[int]) -> dict[str, float]:
    """Open and play the cassettes of some sizes.

    Returns:
        By size: ``load_N``, until the first request can be sent, ``play_N``: all requests, and
        ``all_N``: both, in ms. Of both, ``exponent``, if there are several sizes.
    """
    found: dict[str, float] = {}
    for size in sizes:
        wanted = exchanges(order, size)
        requests = [(API + each.path, each.sent_body) for each in wanted]
        if order == "reversed":
            requests.reverse()
        path = file_of(folder, lane, order, size)
        gc.collect()
        began = time.perf_counter()
        with LANES[lane](path) as client:
            loaded = time.perf_counter()
            for url, body in requests:
                response = client.post(url, content=body, headers=_HEADERS)
            played = time.perf_counter()
        last = wanted[0] if order == "reversed" else wanted[-1]
        if response.json() != json.loads(last.body):  # cassetter writes JSON anew
            msg = f"{lane} answers with something else"
            raise AssertionError(msg)
        found[f"load_{size}"] = (loaded - began) * 1e3
        found[f"play_{size}"] = (played - loaded) * 1e3
        found[f"all_{size}"] = (played - began) * 1e3
    fitted = {size: found[f"all_{size}"] for size in sizes if size >= _FITTED}
    return found | ({"exponent": figures.exponent(fitted)} if len(fitted) > 1 else {})


_HEADERS = HEADERS | {"content-type": "application/json"}

if __name__ == "__main__":
    arguments = sys.argv[1:]
    # What is imported at first use is no matter of the size.
    measure(arguments[0], arguments[1], Path(arguments[2]), [10])
    numbers = [int(each) for each in arguments[3:]]
    print(json.dumps(measure(arguments[0], arguments[1], Path(arguments[2]), numbers)))
