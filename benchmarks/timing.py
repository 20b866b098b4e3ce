"""A pytest plugin that measures a run from within: each test, and the loop over all of them.

It writes to the file that ``BENCH_OUT`` names: ``tests``, the s of each test with its setup and
teardown and pytest's own share, and ``loop``, the s of the whole loop.
"""

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

_tests: list[float] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Measure a test, from before its setup until after its teardown."""
    began = time.perf_counter()
    result = yield
    _tests.append(time.perf_counter() - began)
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Measure all tests together."""
    began = time.perf_counter()
    result = yield
    measured = {"loop": time.perf_counter() - began, "tests": _tests}
    Path(os.environ["BENCH_OUT"]).write_text(json.dumps(measured), encoding="utf-8")
    return result
