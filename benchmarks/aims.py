"""The targets, of which the first letter and digit say the part: P1 to P5."""

from benchmarks.targets import Target

_OURS, _MOCK, _VCR = "our marker", "MockTransport", "vcrpy"

_UNUSED = (
    Target(
        "P1",
        "start-up of pytest with the plugin that nobody uses, against without",
        "unused",
        "start_ms",
        5,
        lane="pytest-conversations",
        against="without",
        how="more",
        unit=" ms",
    ),
    Target(
        "P1",
        "a test that does not use it, the quickest tenth, against without; 10 µs is what can be "
        "told from noise",
        "unused",
        "quick_us",
        10,
        lane="pytest-conversations",
        against="without",
        how="more",
        unit=" µs",
    ),
    Target(
        "P1",
        "the first replayed test of a session, in ms, against the first on MockTransport",
        "suite",
        "first_ms",
        1.3,
        lane=_OURS,
        against=_MOCK,
    ),
)
_SUITE = (
    Target(
        "P2",
        "a test of three calls, in ms: marker and bare httpx, against MockTransport",
        "suite",
        "test_ms",
        1.5,
        lane=_OURS,
        against=_MOCK,
    ),
    Target(
        "P2",
        "a test of three calls, in ms: our typed client, against pytest-recording and the SDK",
        "suite",
        "test_ms",
        20,
        lane="our client",
        against="SDK, pytest-recording",
        least=True,
    ),
)
_REPLAY = tuple(
    target
    for order, text in (
        ("ordered", "in order"),
        ("reversed", "in reverse"),
        ("equal", "all requests equal"),
    )
    for target in (
        Target(
            "P3",
            f"exponent of the time of 100 to 5 000 interactions of one cassette, {text}",
            f"replay {order}",
            "exponent",
            1.1,
            how="alone",
            unit="",
        ),
        Target(
            "P3",
            f"1 000 interactions, loaded and played {text}, in ms, against vcrpy",
            f"replay {order}",
            "all_1000",
            30,
            against=_VCR,
            least=True,
        ),
        Target(
            "P3",
            f"1 000 interactions, loaded and played {text}, in ms, against a MockTransport",
            f"replay {order}",
            "all_1000",
            2,
            against="mock",
        ),
    )
)
_LOAD = tuple(
    target
    for size in (10, 50)
    for target in (
        Target(
            "P3",
            f"a cassette of {size} MB loaded for the first time, in ms, against vcrpy's YAML",
            f"load {size} MB",
            "first_ms",
            2,
            against=_VCR,
            least=True,
        ),
        Target(
            "P3",
            f"a cassette of {size} MB loaded again in the same process, in ms, against vcrpy's",
            f"load {size} MB",
            "again_ms",
            5,
            against=_VCR,
            least=True,
        ),
        Target(
            "P3",
            f"a cassette of {size} MB loaded again, and each response looked at, likewise",
            f"load {size} MB",
            "whole_ms",
            5,
            against=_VCR,
            least=True,
        ),
        Target(
            "P3",
            f"peak of the memory that loading {size} MB takes, in sizes of the file",
            f"load {size} MB",
            "memory_x",
            5,
            how="alone",
        ),
    )
)
_PARSE = (
    Target(
        "P4",
        "an event of a stream, in µs, against the official SDK",
        "parsing",
        "event_us",
        70,
        against="sdk",
        least=True,
    ),
    Target(
        "P4",
        "an event of a stream, in µs, against a bare loop by hand with our models",
        "parsing",
        "event_us",
        1.5,
        against="hand",
    ),
    Target(
        "P4",
        "an event of a stream, in µs, a byte a chunk, against the same loop",
        "parsing",
        "byte_us",
        1.5,
        against="hand",
    ),
    Target(
        "P4",
        "exponent of the time of one event of 256 KiB to 1 MiB, in chunks of 64 bytes",
        "parsing",
        "exponent",
        1.1,
        how="alone",
        unit="",
    ),
)
_RECORD = tuple(
    Target(
        "P5",
        f"a live stream of 1 s, {text}: above 1.02 x the same without a recorder",
        "recording",
        figure,
        1,
        against="none",
        how="more",
        times=1.02,
        unit=" ms",
    )
    for figure, text in (("first_ms", "its first event"), ("end_ms", "its end"))
)
AIMS = (*_UNUSED, *_SUITE, *_REPLAY, *_LOAD, *_PARSE, *_RECORD)
