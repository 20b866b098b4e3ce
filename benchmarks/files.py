"""The same traffic as files: our cassettes, those of vcrpy, and plain JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import vcr.serialize
from vcr.request import Request
from vcr.serializers import jsonserializer, yamlserializer

from benchmarks.calls import API
from benchmarks.traffic import SSE, Exchange
from pytest_conversations.cassette import Chunk, _metadata, _serializer, table


def write_own(path: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a cassette of ours, as the recorder would have."""
    requests, responses = _interactions(exchanges)
    for exchange, response in zip(exchanges, responses, strict=True):
        if exchange.content_type == SSE:
            response["stream"] = {"chunks": table(Chunk(12, each) for each in exchange.chunks)}
    metadata = _metadata.renewed({}, responses, fresh=len(responses))
    document = {"requests": requests, "responses": responses, "metadata": metadata}
    _write(path, vcr.serialize.serialize(document, _serializer))


def write_vcrpy(path: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a cassette of vcrpy, in its YAML or, by the file's suffix, in its JSON."""
    serializer: ModuleType = jsonserializer if path.suffix == ".json" else yamlserializer
    requests, responses = _interactions(exchanges)
    document = {"requests": requests, "responses": responses}
    _write(path, vcr.serialize.serialize(document, serializer))


def write_plain(path: Path, exchanges: Sequence[Exchange]) -> None:
    """Write the least that a hand-made replay needs: a JSON list of exchanges."""
    listed = [
        {
            "key": [exchange.method, exchange.path],
            "headers": exchange.headers,
            "chunks": [each.decode() for each in exchange.chunks],
        }
        for exchange in exchanges
    ]
    _write(path, json.dumps(listed, ensure_ascii=False))


def _interactions(
    exchanges: Sequence[Exchange],
) -> tuple[list[Request], list[dict[str, object]]]:
    requests = [
        Request(each.method, API + each.path, each.sent_body or None, _sent_headers(each))
        for each in exchanges
    ]
    responses: list[dict[str, object]] = [
        {
            "status": {"code": 200, "message": "OK"},
            "headers": {name: [value] for name, value in each.headers.items()},
            "body": {"string": each.body},
        }
        for each in exchanges
    ]
    return requests, responses


def _sent_headers(exchange: Exchange) -> dict[str, list[str]]:
    headers = {
        "host": ["api.mistral.ai"],
        "accept": [exchange.content_type],
        "accept-encoding": ["gzip, deflate"],
        "connection": ["keep-alive"],
        "user-agent": ["app/1.0"],
        "authorization": ["<MISTRAL_API_KEY>"],
    }
    if exchange.sent is not None:
        headers["content-type"] = ["application/json"]
        headers["content-length"] = [str(len(exchange.sent_body))]
    return headers


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
