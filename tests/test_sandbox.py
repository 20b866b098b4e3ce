"""The stand-in of the Conversations API, over a real socket: bare httpx and the official SDK."""

import asyncio
import gc
import importlib
import json
import logging
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import yaml
from starlette.types import Message

from pytest_conversations import sandbox as sandbox_package
from pytest_conversations.cli import main
from pytest_conversations.sandbox import Sandbox, _app, create_app

# The SDK's unions would need a narrowing before each attribute; here its behaviour counts.
SDK: TypeAlias = Any

MODEL = "mistral-small-latest"
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
ENTRY = "object type created_at completed_at"
SETTINGS = "instructions tools completion_args guardrails"
LABELS = "name description metadata"
TIMES = "created_at updated_at"
SENTINEL = '"~?~unset~?~sentinel~?~"'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One server for the tests of this file."""
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A bare client with a key."""
    with _client(sandbox) as client:
        yield client


@pytest.fixture(scope="module")
def mistral() -> SDK:
    """The client class of the official SDK."""
    pytest.importorskip("mistralai.client.beta")
    return importlib.import_module("mistralai.client").Mistral


@pytest.fixture(scope="module")
def sdk(sandbox: Sandbox, mistral: SDK) -> Iterator[SDK]:
    """The official SDK, an independent client."""
    with mistral(api_key="key", server_url=sandbox.url) as client:
        yield client


def _client(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"authorization": "Bearer key"}, timeout=10)


def _ask(http: httpx.Client, path: str, inputs: object, **body: object) -> dict[str, Any]:
    response = http.post(path, json={"inputs": inputs, **body})
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def _start(http: httpx.Client, inputs: object, **body: object) -> dict[str, Any]:
    origin = {} if "agent_id" in body else {"model": MODEL}
    return _ask(http, "/v1/conversations", inputs, **origin, **body)


def _append(
    http: httpx.Client, reply: dict[str, Any], inputs: object, **body: object
) -> dict[str, Any]:
    return _ask(http, f"/v1/conversations/{reply['conversation_id']}", inputs, **body)


def _text(reply: dict[str, Any]) -> str:
    text: str = reply["outputs"][-1]["content"]
    return text


def _history(http: httpx.Client, reply: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/conversations/{reply['conversation_id']}/history"
    entries: list[dict[str, Any]] = http.get(path).json()["entries"]
    return entries


def _events(body: str) -> list[dict[str, Any]]:
    """The data of each event; anything but an event between them is an error."""
    blocks = body.split("\n\n")
    assert blocks.pop() == ""
    events = []
    for block in blocks:
        name, data = block.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert f"event: {events[-1]['type']}" == name
    return events


def _stream(http: httpx.Client, inputs: object, **body: object) -> list[dict[str, Any]]:
    origin = {} if "agent_id" in body else {"model": MODEL}
    body = {"inputs": inputs, "stream": True, **origin, **body}
    return _events(http.post("/v1/conversations", json=body).text)


def _keys(value: dict[str, Any]) -> str:
    return " ".join(value)


def _masked(text: str) -> str:
    """Without what changes from call to call: ids and times."""
    text = re.sub(r'"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z"', '"TIME"', text)
    text = re.sub(r"(conv|msg|fc|tool_exec|handoff|ag)_[0-9a-f]{32}", r"\1_ID", text)
    return re.sub(r'"tool_call_id":"[a-zA-Z0-9]{9}"', '"tool_call_id":"CALL"', text)


class TestReplies:
    """What a reply looks like on the wire."""

    def test_json_is_byte_for_byte_as_recorded(self, http: httpx.Client) -> None:
        """Key order, compactness and the ids' form are those of the live recordings."""
        body = {"inputs": "What is 2+2? Reply with just the number.", "model": MODEL}

        response = http.post("/v1/conversations", json=body)

        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert _masked(response.text) == (
            '{"object":"conversation.response","conversation_id":"conv_ID","outputs":[{"object":'
            '"entry","type":"message.output","created_at":"TIME","completed_at":"TIME","model":'
            '"mistral-small-latest","id":"msg_ID","role":"assistant","content":"4"}],"usage":'
            '{"prompt_tokens":12,"completion_tokens":1,"total_tokens":13},"guardrails":null}'
        )

    def test_sse_is_byte_for_byte_as_recorded(self, http: httpx.Client) -> None:
        """Events have a name, one line of data and a blank line, LF, and nothing else."""
        body = {"inputs": "What is 3+4?", "model": MODEL, "stream": True}

        response = http.post("/v1/conversations", json=body)

        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert _masked(response.text) == (
            "event: conversation.response.started\n"
            'data: {"type":"conversation.response.started","created_at":"TIME",'
            '"conversation_id":"conv_ID"}\n'
            "\n"
            "event: message.output.delta\n"
            'data: {"type":"message.output.delta","created_at":"TIME","output_index":0,'
            '"id":"msg_ID","content_index":0,"model":"mistral-small-latest","role":"assistant",'
            '"content":"7"}\n'
            "\n"
            "event: conversation.response.done\n"
            'data: {"type":"conversation.response.done","created_at":"TIME","usage":'
            '{"prompt_tokens":6,"completion_tokens":1,"total_tokens":7}}\n'
            "\n"
        )

    def test_non_ascii_goes_out_as_utf8(self, http: httpx.Client) -> None:
        """Text is not escaped in JSON, and neither is it in a stream."""
        body = {"inputs": "Grüße 日本 🚀", "model": MODEL}

        for stream in (False, True):
            response = http.post("/v1/conversations", json=body | {"stream": stream})

            assert "Grüße 日本".encode() in response.content
            assert "🚀".encode() in response.content

    def test_each_event_is_a_write_of_its_own(self, http: httpx.Client) -> None:
        """A chunk on the wire holds one event, and a sentence comes in several."""
        body = {"inputs": "One two three four five six seven.", "model": MODEL, "stream": True}

        with http.stream("POST", "/v1/conversations", json=body) as response:
            chunks = list(response.iter_raw())

        assert len(chunks) == 7
        assert all(len(_events(chunk.decode())) == 1 for chunk in chunks)

    def test_text_without_spaces_is_cut_too(self, http: httpx.Client) -> None:
        """A script that has no spaces comes in several deltas as well, and none is lost."""
        events = _stream(http, "日本語" * 20)

        deltas = [event["content"] for event in events if "content" in event]
        assert len(deltas) > 2
        assert "".join(deltas) == "You said: " + "日本語" * 20

    def test_accept_does_not_make_a_stream(self, http: httpx.Client) -> None:
        """Only the body decides: neither Accept nor the SDK's fragment does."""
        body = {"inputs": "Hi", "model": MODEL}
        headers = {"accept": "text/event-stream"}

        response = http.post("/v1/conversations#stream", json=body, headers=headers)

        assert response.headers["content-type"] == "application/json"

    def test_reply_headers(self, http: httpx.Client) -> None:
        """Each reply has a new request id; token limits stand on JSON replies only."""
        body = {"inputs": "Hi", "model": MODEL}

        first = http.post("/v1/conversations", json=body).headers
        second = http.post("/v1/conversations", json=body | {"stream": True}).headers

        assert first["mistral-correlation-id"] == first["x-kong-request-id"]
        assert first["mistral-correlation-id"] != second["mistral-correlation-id"]
        assert uuid.UUID(second["x-kong-request-id"]).version == 7
        assert first["x-ratelimit-limit-tokens-minute"] == "500000"
        assert int(first["x-ratelimit-remaining-tokens-minute"]) < 500_000
        assert not [name for name in second if name.startswith("x-ratelimit")]
        assert "date" in first
        assert first["server"] == "pytest-conversations-sandbox"
        assert "x-model-deprecation-timestamp" not in {*first, *second}

    def test_first_reply_of_a_server_sets_a_cookie(self) -> None:
        """The cookie of the content network comes once, and is none for this host."""
        with Sandbox() as fresh, _client(fresh) as http:
            cookies = [http.get("/v1/conversations").headers.get("set-cookie") for _ in range(3)]

            pattern = r"__cf_bm=\S+; HttpOnly; SameSite=None; Secure; Path=/; Domain=mistral\.ai"
            assert re.fullmatch(pattern, cookies[0])
            assert cookies[1:] == [None, None]

    def test_ids_begin_with_the_time(self, http: httpx.Client) -> None:
        """Ids are a prefix and a UUID of version 7; a tool call has nine characters."""
        before = time.time()
        reply = _start(http, "What is the weather in Paris?", tools=[WEATHER])

        call = reply["outputs"][0]
        made = uuid.UUID(reply["conversation_id"].removeprefix("conv_"))
        assert made.version == 7
        assert before - 1 < (made.int >> 80) / 1000 < before + 5
        assert re.fullmatch(r"fc_[0-9a-f]{32}", call["id"])
        assert re.fullmatch(r"[a-zA-Z0-9]{9}", call["tool_call_id"])

    def test_a_lone_surrogate_survives(self, http: httpx.Client) -> None:
        """What has no UTF-8 form goes out in the JSON escape that it came in."""
        content = rb'{"inputs":"\ud800","model":"m"}'

        response = http.post("/v1/conversations", content=content)

        assert response.status_code == 200
        assert rb'"content":"You said: \ud800"' in response.content


class TestAnswers:
    """What the stand-in says."""

    @pytest.mark.parametrize(
        ("prompt", "answer"),
        [
            ("What is 2+3?", "5"),
            ("Please calculate (2 + 3) * 4 - 6", "14"),
            ("How much is 0.1 + 0.2?", "0.3"),
            ("What is -7 × 6?", "-42"),  # noqa: RUF001 - a sign that people type
            ("What is 1 / 3?", "0.3333333333"),
            ("21x2x1", "42"),
            ("What is 1/0?", "You said: What is 1/0?"),
            ("What is (2+3?", "You said: What is (2+3?"),
            ("Compute " + "+".join("1" * 80), "You said: Compute " + "+".join("1" * 80)),
            ("See you on 2026-08-04.", "You said: See you on 2026-08-04."),
            ("What is my name?", "You have not told me your name."),
            ("My name is Zoë.", "Nice to meet you, Zoë."),
            ("My name is Ada. What's my name?", "Your name is Ada."),
            ("", "You said nothing."),
            ([], "You said nothing."),
            ([{"role": "user", "content": "Hi"}], "You said: Hi"),
            ([{"role": "assistant", "content": "Hi"}], "You said nothing."),
            (
                [
                    {
                        "type": "message.input",
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "Look: "},
                            {"type": "image_url", "image_url": "data:,"},
                        ],
                    }
                ],
                "You said: Look: [image_url]",
            ),
        ],
    )
    def test_answer(self, http: httpx.Client, prompt: object, answer: str) -> None:
        """The answer follows from the prompt alone."""
        assert answer == _text(_start(http, prompt))

    def test_remembers_a_name(self, http: httpx.Client) -> None:
        """A name that was told in one turn is known in the next, the latest one first."""
        reply = _start(http, "My name is Ada.")
        assert _text(_append(http, reply, "What is my name?")) == "Your name is Ada."
        _append(http, reply, "No, my name is Grace")
        assert _text(_append(http, reply, "What is my name?")) == "Your name is Grace."

    def test_same_inputs_give_the_same_bytes(self) -> None:
        """Two fresh servers say the same, but for ids and times."""
        turns = ("My name is Ada.", "What is the weather in Paris?", "What is my name?")

        def talk() -> list[str]:
            with Sandbox() as fresh, _client(fresh) as http:
                body = {"model": MODEL, "tools": [{"type": "web_search"}]}
                said = [http.post("/v1/conversations", json=body | {"inputs": "Hi"})]
                path = f"/v1/conversations/{said[0].json()['conversation_id']}"
                for inputs in turns:
                    said.append(http.post(path, json={"inputs": inputs}))
                    said.append(http.post(path, json={"inputs": inputs, "stream": True}))
                said += [http.get(f"{path}/history"), http.get(path)]
                return [_masked(response.text) for response in said]

        assert talk() == talk()

    def test_a_stream_says_what_the_json_says(self, http: httpx.Client) -> None:
        """Deltas, put together, are the reply; its entry is as old as its events."""
        question = "Tell me something, please, in a few words."
        plain = _start(http, question)
        events = _stream(http, question)

        deltas = [event for event in events if event["type"] == "message.output.delta"]
        assert _text(plain) == "".join(delta["content"] for delta in deltas)
        assert plain["usage"] == events[-1]["usage"]
        stored = _history(http, events[0])[-1]
        assert deltas[0]["created_at"] == stored["created_at"]
        assert deltas[-1]["created_at"] == stored["completed_at"]


class TestConversations:
    """State: what is kept, listed, restarted and deleted."""

    def test_append_keeps_the_id(self, http: httpx.Client) -> None:
        """The conversation grows; its id stays and its time of change moves."""
        reply = _start(http, "Hi", name="n", description="d", metadata={"a": 1})
        path = f"/v1/conversations/{reply['conversation_id']}"
        before = http.get(path).json()

        assert reply["conversation_id"] == _append(http, reply, "Ho")["conversation_id"]

        after = http.get(path).json()
        assert before["created_at"] == after["created_at"] <= before["updated_at"]
        assert before["updated_at"] < after["updated_at"]

    def test_append_without_inputs(self, http: httpx.Client) -> None:
        """Inputs are optional on append: the last prompt is answered again."""
        reply = _start(http, "Hi")

        response = http.post(f"/v1/conversations/{reply['conversation_id']}", json={})

        assert _text(response.json()) == "You said: Hi"
        assert len(_history(http, reply)) == 3

    def test_model_conversation(self, http: httpx.Client) -> None:
        """All settings are echoed; completion args in full, with nulls and tool_choice auto."""
        schema = {"name": "s", "schema": {"type": "object"}}
        reply = _start(
            http,
            "Hi",
            instructions="",
            tools=[WEATHER, {"type": "web_search"}],
            completion_args={
                "temperature": 0.5,
                "response_format": {"type": "json_schema", "json_schema": schema},
            },
            guardrails=[{"block_on_error": True}],
            metadata={"team": "blue"},
        )

        shown = http.get(f"/v1/conversations/{reply['conversation_id']}").json()

        assert f"{SETTINGS} {LABELS} object id {TIMES} model" == _keys(shown)
        assert {
            "stop": None,
            "presence_penalty": None,
            "frequency_penalty": None,
            "temperature": 0.5,
            "top_p": None,
            "max_tokens": None,
            "random_seed": None,
            "prediction": None,
            "response_format": {"type": "json_schema", "json_schema": schema},
            "tool_choice": "auto",
            "reasoning_effort": None,
        } == shown["completion_args"]
        function = {"description": "", "strict": False, **WEATHER["function"]}
        assert [{"type": "function", "function": function}, {"type": "web_search"}] == shown[
            "tools"
        ]
        assert (
            shown["instructions"],
            shown["object"],
            shown["model"],
        ) == ("", "conversation", MODEL)
        assert shown["metadata"] == {"team": "blue"}

    def test_history_and_messages(self, http: httpx.Client) -> None:
        """History has every entry in the order of the wire; messages has no calls in it."""
        reply = _start(http, "Search", tools=[{"type": "web_search"}])
        path = f"/v1/conversations/{reply['conversation_id']}"

        history = http.get(f"{path}/history").json()
        messages = http.get(f"{path}/messages").json()

        assert _keys(history) == "object conversation_id entries"
        assert _keys(messages) == "object conversation_id messages"
        assert [entry["type"] for entry in history["entries"]] == [
            "message.input",
            "tool.execution",
            "message.output",
        ]
        assert [history["entries"][0], history["entries"][2]] == messages["messages"]
        assert reply["outputs"] == history["entries"][1:]
        assert f"{ENTRY} id role content prefix" == _keys(history["entries"][0])

    def test_store_false_leaves_no_trace(self, http: httpx.Client) -> None:
        """The reply names a conversation that is nowhere afterwards."""
        reply = _start(http, "Hi", store=False)

        path = f"/v1/conversations/{reply['conversation_id']}"
        assert http.get(path).status_code == 404
        assert http.get(f"{path}/history").status_code == 404
        assert http.post(path, json={"inputs": "Ho"}).status_code == 404

    def test_append_with_store_false_is_not_kept(self, http: httpx.Client) -> None:
        """A turn that is not to be stored is answered and forgotten."""
        reply = _start(http, "Hi")
        assert _text(_append(http, reply, "Ho", store=False)) == "You said: Ho"
        assert len(_history(http, reply)) == 2

    def test_a_stream_that_is_cut_is_not_kept(self) -> None:
        """State is stored when the stream is finished; who leaves before leaves nothing."""
        with Sandbox(pace=0.05) as paced, _client(paced) as http:
            reply = _start(http, "Hi")
            body = {"inputs": "One two three four five", "stream": True}
            path = f"/v1/conversations/{reply['conversation_id']}"
            with http.stream("POST", path, json=body) as response:
                next(response.iter_raw())
            time.sleep(0.4)

            assert len(_history(http, reply)) == 2

    def test_delete(self, http: httpx.Client) -> None:
        """204 with an empty body and no content type; then nothing is there any more."""
        path = f"/v1/conversations/{_start(http, 'Hi')['conversation_id']}"

        response = http.delete(path)

        assert (response.status_code, response.content) == (204, b"")
        assert not {"content-type", "content-length"} & set(response.headers)
        for gone in (http.delete(path), http.get(path), http.get(f"{path}/messages")):
            assert gone.status_code == 404

    def test_delete_during_a_stream(self) -> None:
        """A conversation that is deleted while it is streamed stays deleted."""
        with Sandbox(pace=0.05) as paced, _client(paced) as http, _client(paced) as other:
            path = f"/v1/conversations/{_start(http, 'Hi')['conversation_id']}"
            with http.stream("POST", path, json={"inputs": "Ho", "stream": True}) as response:
                assert other.delete(path).status_code == 204
                assert "conversation.response.done" in response.read().decode()

            assert http.get(path).status_code == 404

    def test_restart(self, http: httpx.Client) -> None:
        """A new conversation with the entries up to the one named; the old one stays as it is."""
        reply = _start(http, "My name is Ada.", metadata={"a": 1}, name="n")
        _append(http, reply, "No, my name is Grace.")
        before = _history(http, reply)
        body = {"from_entry_id": before[1]["id"], "metadata": {"b": 2}}

        path = f"/v1/conversations/{reply['conversation_id']}/restart"
        restarted = _ask(http, path, "What is my name?", **body)

        assert reply["conversation_id"] != restarted["conversation_id"]
        assert _text(restarted) == "Your name is Ada."
        assert before == _history(http, reply)
        after = _history(http, restarted)
        assert before[:2] == after[:2]
        assert len(after) == 4
        shown = http.get(f"/v1/conversations/{restarted['conversation_id']}").json()
        assert (shown["metadata"], shown["name"]) == ({"b": 2}, "n")

    def test_restart_from_an_unknown_entry(self, http: httpx.Client) -> None:
        """An entry that is not in the conversation is not found."""
        path = f"/v1/conversations/{_start(http, 'Hi')['conversation_id']}/restart"

        response = http.post(path, json={"from_entry_id": "msg_0", "inputs": "Hi"})

        assert response.status_code == 404

    def test_list(self) -> None:
        """A bare array, the newest first, in pages from 0 of 100 where not said otherwise."""
        with Sandbox() as fresh, _client(fresh) as http:
            ids = [_start(http, "Hi")["conversation_id"] for _ in range(101)][::-1]

            def listed(**query: object) -> list[str]:
                reply = http.get("/v1/conversations", params=query)  # type: ignore[arg-type]
                return [one["id"] for one in reply.json()]

            assert ids[:100] == listed()
            assert ids[100:] == listed(page=1)
            assert ids[4:6] == listed(page=2, page_size=2)
            assert listed(page=9) == []
            assert listed(page_size=0) == []

    def test_list_by_metadata(self) -> None:
        """An object filters by its pairs; whatever else is JSON does not filter."""
        with Sandbox() as fresh, _client(fresh) as http:
            plain = _start(http, "Hi")["conversation_id"]
            blue = _start(http, "Hi", metadata={"team": "blue", "n": [1]})["conversation_id"]

            def listed(metadata: str) -> list[str]:
                reply = http.get("/v1/conversations", params={"metadata": metadata})
                return [one["id"] for one in reply.json()]

            for everything in ("null", "{}", SENTINEL, "[1]"):
                assert [blue, plain] == listed(everything)
            assert [blue] == listed('{"team":"blue"}')
            assert [blue] == listed('{"n":[1],"team":"blue"}')
            assert listed('{"team":"blue","x":1}') == []
            assert listed('{"team":"red"}') == []


class TestTools:
    """Function calls and hosted tools."""

    def test_function_call_flow(self, http: httpx.Client) -> None:
        """A call, then a refusal without its result, then an answer that mentions it."""
        reply = _start(http, "What is the weather in Paris?", tools=[WEATHER])
        call = reply["outputs"][0]
        assert f"{ENTRY} model id tool_call_id name arguments" == _keys(call)
        assert (call["name"], call["arguments"]) == ("get_weather", '{"city": "Paris"}')
        assert call["completed_at"] is None

        path = f"/v1/conversations/{reply['conversation_id']}"
        refused = http.post(path, json={"inputs": "And in Rome?"})
        assert refused.status_code == 400
        assert (
            '{"object":"Error","message":"Cannot append other inputs while function results are '
            f"still missing. Provide function results first for: ['{call['tool_call_id']}']\","
            '"type":"invalid_request_error","code":3001}'
        ) == refused.text

        result = {"type": "function.result", "tool_call_id": call["tool_call_id"], "result": "rain"}
        assert _text(_append(http, reply, [result])) == "The result of get_weather is: rain"
        again = _append(http, reply, "And what about the weather in New York?")
        assert again["outputs"][0]["arguments"] == '{"city": "New York"}'

    def test_function_call_stream(self, http: httpx.Client) -> None:
        """Arguments come in pieces, each with the id and the name of the call."""
        events = _stream(http, "Weather in San Francisco please", tools=[WEATHER])

        deltas = events[1:-1]
        assert {"function.call.delta"} == {delta["type"] for delta in deltas}
        assert len(deltas) > 1
        assert (
            _keys(deltas[0]) == "type created_at output_index id model name tool_call_id arguments"
        )
        arguments = "".join(delta["arguments"] for delta in deltas)
        assert json.loads(arguments) == {"city": "San Francisco"}
        assert _history(http, events[0])[-1]["arguments"] == arguments

    def test_several_calls_in_one_turn(self, http: httpx.Client) -> None:
        """Every function that is asked for is called, and every result is wanted."""
        function = {"name": "get_traffic", "parameters": {}}
        tools = [WEATHER, {"type": "function", "function": function}]
        reply = _start(http, "Weather and traffic in Paris?", tools=tools)
        first, second = reply["outputs"]
        assert second["arguments"] == "{}"

        results = [
            {
                "type": "function.result",
                "tool_call_id": call["tool_call_id"],
                "result": call["name"],
            }
            for call in (first, second)
        ]
        path = f"/v1/conversations/{reply['conversation_id']}"
        partial = http.post(path, json={"inputs": results[:1]})
        assert f"['{second['tool_call_id']}']" in partial.json()["message"]

        assert _text(_append(http, reply, results)) == (
            "The result of get_weather is: get_weather\nThe result of get_traffic is: get_traffic"
        )

    @pytest.mark.parametrize(
        ("choice", "kind"),
        [
            ("auto", "message.output"),
            ("none", "message.output"),
            ("any", "function.call"),
            ("required", "function.call"),
        ],
    )
    def test_tool_choice(self, http: httpx.Client, choice: str, kind: str) -> None:
        """A call can be asked for where the prompt does not; an append may change the choice."""
        args = {"tool_choice": choice}
        reply = _start(http, "Hello", tools=[WEATHER], completion_args=args)
        assert kind == reply["outputs"][0]["type"]

        plain = _start(http, "Hello", tools=[WEATHER])
        assert kind == _append(http, plain, "Hello", completion_args=args)["outputs"][0]["type"]

    def test_tool_choice_none_stops_every_tool(self, http: httpx.Client) -> None:
        """With none, neither a function that is asked for nor a hosted tool runs."""
        reply = _start(
            http,
            "Weather in Paris?",
            tools=[WEATHER, {"type": "web_search"}],
            completion_args={"tool_choice": "none"},
        )
        assert _text(reply) == "You said: Weather in Paris?"

    @pytest.mark.parametrize(
        ("schema", "prompt", "value"),
        [
            ({"type": "string"}, "use it on Monday", "Monday"),
            ({"type": "string"}, "Rome now", "Rome"),
            ({"type": "string"}, "then I go to Rome", "Rome"),
            ({"type": "string"}, "Say it. I am in New York. Now", "New York"),
            ({"type": "string"}, "use it on this", "use it on this"),
            ({"type": ["null", "string"]}, "use Ada", "Ada"),
            ({"type": "integer"}, "take 3.7 of it", 3),
            ({"type": "number"}, "take -3.5 of it", -3.5),
            ({"type": "integer"}, "take some", 1),
            ({"type": "integer"}, "take " + "9" * 400, 999_999_999_999_999),
            ({"type": "boolean"}, "do", True),
            ({"type": "array", "items": {"type": "string"}}, "use Ada", ["Ada"]),
            ({"type": "object", "properties": {"a": {"type": "integer"}}}, "take 2", {"a": 2}),
            ({"enum": ["red", "blue"]}, "make it Blue", "blue"),
            ({"enum": ["red", "blue"]}, "make it green", "red"),
            ({"const": 7}, "do", 7),
            ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "take 4", 4),
            ({"$ref": "#/$defs/city"}, "use Ada", "Ada"),
            ({"$ref": "#/$defs/loop"}, "do", None),
            ({"$ref": "#/$defs/none"}, "do", None),
            ({"type": "array"}, "do", [None]),
            ({"type": "object", "properties": [], "required": 5}, "do", {}),
            ({"enum": "x", "type": {}}, "do", None),
            (True, "do", None),
        ],
    )
    def test_arguments_fit_the_schema(
        self, http: httpx.Client, schema: object, prompt: str, value: object
    ) -> None:
        """Arguments follow from schema and prompt; a broken schema breaks nothing."""
        parameters = {
            "type": "object",
            "properties": {"value": schema, "optional": {"type": "string"}},
            "required": ["value", "unknown"],
            "$defs": {"city": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}},
        }
        tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}

        reply = _start(http, prompt, tools=[tool], completion_args={"tool_choice": "any"})

        assert {"value": value} == json.loads(reply["outputs"][0]["arguments"])

    def test_arguments_take_turns(self, http: httpx.Client) -> None:
        """Several strings get the prompt's names one after the other, the last one for the rest."""
        properties = {name: {"type": "string"} for name in ("a", "b", "c")}
        function = {"name": "travel", "parameters": {"properties": properties}}
        tools = [{"type": "function", "function": function}]

        reply = _start(http, "I travel from Rome to Oslo", tools=tools)

        assert reply["outputs"][0]["arguments"] == '{"a": "Rome", "b": "Oslo", "c": "Oslo"}'

    def test_result_of_a_replayed_call(self, http: httpx.Client) -> None:
        """Calls and results of another conversation can be given as inputs of a new one."""
        inputs = [
            {"role": "user", "content": "Weather?"},
            {"type": "function.call", "tool_call_id": "a", "name": "look", "arguments": {"x": 1}},
            {"type": "function.result", "tool_call_id": "a", "result": "sun"},
            {"type": "function.result", "tool_call_id": "b", "result": "moon"},
        ]
        assert (
            _text(_start(http, inputs))
            == "The result of look is: sun\nThe result of the function is: moon"
        )

    @pytest.mark.parametrize("tool", ["web_search", "web_search_premium"])
    def test_web_search(self, http: httpx.Client, tool: str) -> None:
        """A tool execution, then a message of text and references, and connector tokens."""
        reply = _start(http, "Who won?", tools=[{"type": tool}])

        ran, message = reply["outputs"]
        assert f"{ENTRY} model id name arguments function info" == _keys(ran)
        assert (tool, "web_search") == (ran["name"], ran["function"])
        assert json.loads(ran["arguments"]) == {"query": "Who won?"}
        kinds = [chunk["type"] for chunk in message["content"]]
        assert kinds == ["text", "tool_reference", "tool_reference", "text"]
        usage = reply["usage"]
        assert {tool: 1} == usage["connectors"]
        assert usage["total_tokens"] == sum(
            usage[f"{part}_tokens"] for part in ("prompt", "completion", "connector")
        )

    def test_web_search_stream(self, http: httpx.Client) -> None:
        """The tool's events come first; references are deltas that are one object each."""
        events = _stream(http, "Who won the last match?", tools=[{"type": "web_search"}])

        kinds = [event["type"] for event in events]
        tool = [kind for kind in kinds if kind.startswith("tool.")]
        assert tool[0] == "tool.execution.started"
        assert {"tool.execution.delta"} == set(tool[1:-1])
        assert tool[-1] == "tool.execution.done"
        assert kinds == [
            "conversation.response.started",
            *tool,
            *["message.output.delta"] * (len(kinds) - len(tool) - 2),
            "conversation.response.done",
        ]
        deltas = [event for event in events if event["type"] == "message.output.delta"]
        assert {1} == {delta["output_index"] for delta in deltas}
        assert sorted({delta["content_index"] for delta in deltas}) == [0, 1, 2, 3]
        references = [one["content"] for one in deltas if isinstance(one["content"], dict)]
        assert [chunk["type"] for chunk in references] == ["tool_reference"] * 2

    def test_code_interpreter(self, http: httpx.Client) -> None:
        """The sum of the prompt is its code; a prompt without one is printed."""
        tools = [{"type": "code_interpreter"}]
        summed = _start(http, "Calculate 21 * 2", tools=tools)
        printed = _start(http, "Say hello", tools=tools)

        info = summed["outputs"][0]["info"]
        result = [{"type": "text", "text": "42\n"}]
        assert {"result": result, "code": "21 * 2", "code_output": "42\n"} == info
        assert _text(summed) == "42"
        assert printed["outputs"][0]["info"]["code"] == 'print("Say hello")'

    def test_other_tools_are_accepted_and_not_used(self, http: httpx.Client) -> None:
        """Tools that the stand-in cannot play leave the answer as it is."""
        tools = [
            {"type": "image_generation"},
            {"type": "document_library", "library_ids": ["x"]},
            {"type": "connector", "connector_id": "gmail"},
        ]
        assert _text(_start(http, "Draw", tools=tools)) == "You said: Draw"


class TestAgents:
    """Agents, as much of them as conversations need."""

    @pytest.fixture
    def agent(self, http: httpx.Client) -> Callable[..., dict[str, Any]]:
        """Makes an agent."""

        def create(name: str, **fields: object) -> dict[str, Any]:
            response = http.post("/v1/agents", json={"model": MODEL, "name": name, **fields})
            assert response.status_code == 200, response.text
            created: dict[str, Any] = response.json()
            return created

        return create

    def test_agent(self, http: httpx.Client, agent: Callable[..., dict[str, Any]]) -> None:
        """Agents are created, shown and deleted, with the fields of the recordings."""
        created = agent("solo", instructions="Be brief.")

        assert (
            f"{SETTINGS} model name description handoffs metadata object id version versions "
            f"{TIMES} deployment_chat source version_message"
        ) == _keys(created)
        path = f"/v1/agents/{created['id']}"
        assert created == http.get(path).json()
        assert http.delete(path).status_code == 204
        assert http.get(path).status_code == 404

    def test_agent_conversation(
        self, http: httpx.Client, agent: Callable[..., dict[str, Any]]
    ) -> None:
        """Entries and events name the agent before the model; GET shows the agent's form."""
        agent_id = agent("solo")["id"]
        reply = _start(http, "Hi", agent_id=agent_id, agent_version=3)

        assert f"{ENTRY} agent_id model id role content" == _keys(reply["outputs"][0])
        shown = http.get(f"/v1/conversations/{reply['conversation_id']}").json()
        assert f"{LABELS} object id {TIMES} agent_id agent_version" == _keys(shown)
        assert (agent_id, 3) == (shown["agent_id"], shown["agent_version"])
        delta = _stream(http, "Hi", agent_id=agent_id)[1]
        assert (
            _keys(delta)
            == "type created_at output_index id content_index model agent_id role content"
        )

    def test_handoff(self, http: httpx.Client, agent: Callable[..., dict[str, Any]]) -> None:
        """The agent that the prompt names answers, else the first; nobody is asked twice."""
        maths, poems = agent("maths"), agent("poems")
        front = agent("front", handoffs=[maths["id"], poems["id"]])

        passed, message = _start(http, "Hello", agent_id=front["id"])["outputs"]
        assert (
            f"{ENTRY} id previous_agent_id previous_agent_name next_agent_id next_agent_name"
        ) == _keys(passed)
        assert re.fullmatch(r"handoff_[0-9a-f]{32}", passed["id"])
        assert (passed["previous_agent_name"], passed["next_agent_name"]) == ("front", "maths")
        assert (maths["id"], "You said: Hello") == (message["agent_id"], message["content"])

        named = _start(http, "Ask Poems for one", agent_id=front["id"])["outputs"]
        assert ["poems", poems["id"]] == [named[0]["next_agent_name"], named[1]["agent_id"]]

    def test_handoff_stream(self, http: httpx.Client, agent: Callable[..., dict[str, Any]]) -> None:
        """A hand-off is two events, the one who leaves and the one who takes over."""
        other = agent("other")
        front = agent("front", handoffs=[other["id"]])

        events = _stream(http, "Hello", agent_id=front["id"])

        assert {
            "type": "agent.handoff.started",
            "created_at": events[1]["created_at"],
            "output_index": 0,
            "id": events[1]["id"],
            "previous_agent_id": front["id"],
            "previous_agent_name": "front",
        } == events[1]
        assert [events[2]["type"], events[2]["next_agent_name"]] == ["agent.handoff.done", "other"]
        assert (1, other["id"]) == (events[3]["output_index"], events[3]["agent_id"])

    def test_client_keeps_the_handoff(
        self, http: httpx.Client, agent: Callable[..., dict[str, Any]]
    ) -> None:
        """With handoff_execution client the server does not hand over."""
        front = agent("front", handoffs=[agent("other")["id"]])
        reply = _start(http, "Hi", agent_id=front["id"], handoff_execution="client")
        assert [front["id"]] == [entry["agent_id"] for entry in reply["outputs"]]

    def test_result_goes_to_the_agent_that_called(
        self, http: httpx.Client, agent: Callable[..., dict[str, Any]]
    ) -> None:
        """After a hand-off, the answer to a result comes from the agent that wanted it."""
        other = agent("other", tools=[WEATHER])
        front = agent("front", handoffs=[other["id"]])
        reply = _start(http, "Weather in Paris?", agent_id=front["id"])
        call = reply["outputs"][1]
        assert other["id"] == call["agent_id"]

        result = {"type": "function.result", "tool_call_id": call["tool_call_id"], "result": "sun"}
        (message,) = _append(http, reply, [result])["outputs"]

        assert (other["id"], "The result of get_weather is: sun") == (
            message["agent_id"],
            message["content"],
        )

    def test_handoff_to_an_agent_that_is_gone(
        self, http: httpx.Client, agent: Callable[..., dict[str, Any]]
    ) -> None:
        """The API's own 500 for a hand-off that fails, as it was measured."""
        front = agent("front", handoffs=["ag_gone"])

        response = http.post("/v1/conversations", json={"inputs": "Hi", "agent_id": front["id"]})

        assert response.status_code == 500
        assert response.text == (
            '{"object":"Error","message":"Response failed during handoff orchestration",'
            '"type":"invalid_request_error","code":3000}'
        )

    def test_unknown_agent(self, http: httpx.Client) -> None:
        """A conversation with nobody cannot be had."""
        response = http.post("/v1/conversations", json={"inputs": "Hi", "agent_id": "ag_0"})
        assert response.status_code == 404


class TestErrors:
    """Requests that are refused."""

    @pytest.mark.parametrize(
        ("authorization", "detail"),
        [
            (None, "Unauthorized"),
            ("Bearer", "Unauthorized"),
            ("Basic abc", "Unauthorized"),
            ("Bearer invalid", "Invalid API Key"),
        ],
    )
    def test_401(self, sandbox: Sandbox, authorization: str | None, detail: str) -> None:
        """The gateway answers in its own form, which ends in a newline."""
        headers = {} if authorization is None else {"authorization": authorization}

        response = httpx.get(f"{sandbox.url}/v1/conversations", headers=headers)

        assert response.status_code == 401
        assert response.headers["content-type"] == "application/json"
        assert f'{{"detail":"{detail}"}}\n' == response.text
        assert "mistral-correlation-id" in response.headers

    def test_bearer_in_any_case(self, sandbox: Sandbox) -> None:
        """The scheme has no case, as keys that bring it along are sent as they are."""
        headers = {"authorization": "bearer key"}
        assert httpx.get(f"{sandbox.url}/v1/conversations", headers=headers).is_success

    def test_404(self, http: httpx.Client) -> None:
        """An unknown conversation has the envelope of the API, in each operation."""
        path = "/v1/conversations/conv_0"
        expected = (
            '{"object":"Error","message":"Conversation with id conv_0 not found",'
            '"type":"invalid_request_error","code":3000}'
        )
        for response in (
            http.get(path),
            http.delete(path),
            http.get(f"{path}/history"),
            http.get(f"{path}/messages"),
            http.post(path, json={"inputs": "Hi"}),
            http.post(path, json={"inputs": "Hi", "stream": True}),
            http.post(f"{path}/restart", json={"inputs": "Hi", "from_entry_id": "x"}),
        ):
            assert (404, expected) == (response.status_code, response.text)

    @pytest.mark.parametrize(
        "path", ["/", "/v1/conversations/", "/v1/models", "/v1/conversations/a/b"]
    )
    def test_unknown_path(self, http: httpx.Client, path: str) -> None:
        """There is no redirect and no envelope where there is no route."""
        response = http.get(path)
        assert (response.status_code, response.text) == (404, '{"detail":"Not Found"}')

    def test_wrong_method(self, http: httpx.Client) -> None:
        """A method that a path does not have is refused."""
        response = http.put("/v1/conversations", json={})
        assert (response.status_code, response.text) == (405, '{"detail":"Method Not Allowed"}')

    def test_422_has_the_list_twice(self, http: httpx.Client) -> None:
        """Message and detail are the same list, of faults that begin in the body."""
        response = http.post("/v1/conversations", json={"model": MODEL})

        assert response.status_code == 422
        faults = [
            {
                "type": "missing",
                "loc": ["body", "inputs"],
                "msg": "Field required",
                "input": {"model": MODEL},
            }
        ]
        assert {
            "object": "Error",
            "message": faults,
            "type": "invalid_request_error",
            "code": 3001,
            "detail": faults,
        } == response.json()
        assert _keys(response.json()) == "object message type code detail"

    @pytest.mark.parametrize(
        ("body", "kind", "loc"),
        [
            ({"inputs": "Hi"}, "value_error", ["body"]),
            ({"inputs": "Hi", "model": "m", "agent_id": "a"}, "value_error", ["body"]),
            ({"inputs": "Hi", "model": 5}, "string_type", ["body", "model"]),
            (
                {"inputs": "Hi", "model": "m", "completion_args": {"nope": 1}},
                "extra_forbidden",
                ["body", "completion_args", "nope"],
            ),
            (
                {"inputs": [{"role": "system", "content": "x"}], "model": "m"},
                "literal_error",
                ["body", "inputs", 0, "role"],
            ),
            (
                {"inputs": [{"role": "user", "content": ["x"]}], "model": "m"},
                "union_tag_invalid",
                ["body", "inputs", 0, "content", 0],
            ),
            ([], "model_type", ["body"]),
        ],
    )
    def test_start_that_does_not_validate(
        self, http: httpx.Client, body: object, kind: str, loc: list[str | int]
    ) -> None:
        """Each fault has pydantic's type and the place where it is."""
        response = http.post("/v1/conversations", json=body)

        assert response.status_code == 422
        fault = response.json()["detail"][0]
        assert (kind, loc) == (fault["type"], fault["loc"])

    def test_unknown_keys(self, http: httpx.Client) -> None:
        """Start lets them pass, append and restart do not: so the published schemas say."""
        reply = _start(http, "Hi", nope=1)
        path = f"/v1/conversations/{reply['conversation_id']}"

        for response in (
            http.post(path, json={"inputs": "Hi", "tools": []}),
            http.post(f"{path}/restart", json={"from_entry_id": "x", "tools": []}),
        ):
            assert response.status_code == 422
            (fault,) = response.json()["detail"]
            assert (fault["type"], fault["loc"]) == ("extra_forbidden", ["body", "tools"])

    @pytest.mark.parametrize(
        "content", [b"", b"{", b'{"inputs": NaN}', b"[1e999]", b"\xff", b"[" * 200_000, b'"\\ud800']
    )
    def test_malformed_json(self, http: httpx.Client, content: bytes) -> None:
        """What is no JSON is a fault like any other."""
        response = http.post("/v1/conversations", content=content)

        assert response.status_code == 422
        (fault,) = response.json()["detail"]
        assert fault["type"] == "json_invalid"

    @pytest.mark.parametrize(
        "query", ["page=x", "page=", "page=-1", "page_size=1.5", "page_size=-1", "metadata=x"]
    )
    def test_malformed_query(self, http: httpx.Client, query: str) -> None:
        """Numbers have to be whole and not below 0, metadata has to be JSON."""
        response = http.get(f"/v1/conversations?{query}")

        assert response.status_code == 422
        (fault,) = response.json()["detail"]
        assert ["query", query.partition("=")[0]] == fault["loc"]

    def test_confirmation_of_nothing(self, http: httpx.Client) -> None:
        """No call of the stand-in waits to be confirmed, and it says so."""
        path = f"/v1/conversations/{_start(http, 'Hi')['conversation_id']}"
        confirmations = [{"tool_call_id": "abc", "confirmation": "allow"}]

        response = http.post(path, json={"tool_confirmations": confirmations})

        assert response.status_code == 400
        assert response.json()["message"] == "No tool call waits for a confirmation: ['abc']"


class TestOfficialSDK:
    """The official SDK as an independent client: all eleven operations."""

    def test_start_append_get(self, sdk: SDK) -> None:
        """The JSON operations parse into the SDK's models."""
        api = sdk.beta.conversations
        first = api.start(model=MODEL, inputs="My name is Ada.", metadata={"a": 1})
        second = api.append(conversation_id=first.conversation_id, inputs="What is my name?")

        assert second.outputs[0].content == "Your name is Ada."
        assert first.conversation_id == second.conversation_id
        shown = api.get(conversation_id=first.conversation_id)
        assert (
            type(shown).__name__,
            shown.model,
            shown.metadata,
        ) == ("ModelConversation", MODEL, {"a": 1})

    def test_history_messages_restart_delete(self, sdk: SDK) -> None:
        """The rest of the JSON operations, with 204 for delete."""
        api = sdk.beta.conversations
        first = api.start(model=MODEL, inputs="My name is Ada.")
        history = api.get_history(conversation_id=first.conversation_id)
        messages = api.get_messages(conversation_id=first.conversation_id)
        restarted = api.restart(
            conversation_id=first.conversation_id,
            from_entry_id=history.entries[1].id,
            inputs="What is my name?",
        )
        api.delete(conversation_id=first.conversation_id)

        assert 2 == len(history.entries) == len(messages.messages)
        assert restarted.outputs[0].content == "Your name is Ada."
        assert first.conversation_id != restarted.conversation_id

    def test_list_with_the_sentinel(self, sdk: SDK) -> None:
        """A list without arguments sends the SDK's own unset mark, and lists everything."""
        api = sdk.beta.conversations
        started = api.start(model=MODEL, inputs="Hi", metadata={"only": "this"})

        assert started.conversation_id in [one.id for one in api.list()]
        assert [started.conversation_id] == [one.id for one in api.list(metadata={"only": "this"})]
        assert len(api.list(page=0, page_size=1, metadata=None)) == 1

    def test_streams(self, sdk: SDK) -> None:
        """The three streams yield events that the SDK knows, from started to done."""
        api = sdk.beta.conversations
        with api.start_stream(model=MODEL, inputs="Hi there, you") as stream:
            started = list(stream)
        conversation_id = started[0].data.conversation_id
        with api.append_stream(conversation_id=conversation_id, inputs="What is 2+3?") as stream:
            appended = list(stream)
        last = api.get_history(conversation_id=conversation_id).entries[-1]
        with api.restart_stream(
            conversation_id=conversation_id, from_entry_id=last.id, inputs="And 1 + 1?"
        ) as stream:
            restarted = list(stream)

        for events in (started, appended, restarted):
            assert events[0].event == "conversation.response.started"
            assert events[-1].event == "conversation.response.done"
            assert not [event for event in events if hasattr(event.data, "is_unknown")]
        assert appended[1].data.content == "5"
        assert conversation_id != restarted[0].data.conversation_id

    def test_tools_and_agents(self, sdk: SDK) -> None:
        """Calls, searches and hand-offs parse as entries that the SDK knows."""
        api = sdk.beta.conversations
        call = api.start(model=MODEL, inputs="Weather in Paris?", tools=[WEATHER]).outputs[0]
        searched = api.start(model=MODEL, inputs="Hi", tools=[{"type": "web_search"}])
        other = sdk.beta.agents.create(model=MODEL, name="other")
        front = sdk.beta.agents.create(model=MODEL, name="front", handoffs=[other.id])
        passed = api.start(agent_id=front.id, inputs="Hi")

        assert (call.name, call.arguments) == ("get_weather", '{"city": "Paris"}')
        assert searched.usage.connectors == {"web_search": 1}
        assert searched.outputs[1].content[1].type == "tool_reference"
        assert other.id == passed.outputs[0].next_agent_id == passed.outputs[1].agent_id
        shown = api.get(conversation_id=passed.conversation_id)
        assert ("AgentConversation", front.id) == (type(shown).__name__, shown.agent_id)

    def test_errors(self, sdk: SDK) -> None:
        """422 becomes the SDK's validation error with its list, the rest its general error."""
        errors = pytest.importorskip("mistralai.client.errors")
        api = sdk.beta.conversations

        with pytest.raises(errors.HTTPValidationError) as invalid:
            api.start(inputs="Hi")
        assert invalid.value.data.detail[0].type == "value_error"
        with pytest.raises(errors.SDKError) as unknown:
            api.get(conversation_id="conv_0")
        assert unknown.value.status_code == 404
        with pytest.raises(errors.SDKError) as refused:
            api.append_stream(conversation_id="conv_0", inputs="Hi")
        assert refused.value.status_code == 404

    def test_async(self, sandbox: Sandbox, mistral: SDK) -> None:
        """The asynchronous twins get the same."""

        async def talk() -> tuple[str, str, int]:
            async with mistral(api_key="key", server_url=sandbox.url) as client:
                api = client.beta.conversations
                first = await api.start_async(model=MODEL, inputs="My name is Ada.")
                stream = await api.append_stream_async(
                    conversation_id=first.conversation_id, inputs="What is my name?"
                )
                async with stream:
                    texts = [event.data.content async for event in stream if "delta" in event.event]
                listed = await api.list_async()
                await api.delete_async(conversation_id=first.conversation_id)
                return first.outputs[0].content, "".join(texts), len(listed)

        hello, name, listed = asyncio.run(talk())
        assert (hello, name) == ("Nice to meet you, Ada.", "Your name is Ada.")
        assert listed


class TestAgainstTheRecords:
    """The published schemas and the recordings of the real API, where they are at hand."""

    def test_every_reply_fits_the_published_schemas(self, corpus: Path) -> None:
        """Each JSON reply and each event validates, but for one field that the live API adds."""
        jsonschema = pytest.importorskip("jsonschema")
        document = corpus.parent / "reference" / "openapi-conversations.yaml"
        published = yaml.safe_load(document.read_text("utf-8"))
        checked: set[tuple[str, str, int]] = set()

        def check(value: object, schema: object) -> None:
            whole = {"$ref": "#/schema", "schema": schema, "components": published["components"]}
            jsonschema.Draft202012Validator(whole).validate(_as_published(value))

        def check_response(response: httpx.Response) -> None:
            response.read()
            path = re.sub("conv_[0-9a-f]+", "{conversation_id}", response.request.url.path)
            method = response.request.method.lower()
            replies = published["paths"][path][method]["responses"]
            content = replies[str(response.status_code)].get("content", {})
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                for event in _events(response.text):
                    check({"event": event["type"], "data": event}, _ref("ConversationEvents"))
            elif content:
                check(response.json(), content["application/json"]["schema"])
            else:
                assert response.content == b""
            checked.add((method, path, response.status_code))

        with Sandbox() as fresh, _client(fresh) as http:
            other = http.post("/v1/agents", json={"model": MODEL, "name": "other"}).json()
            front = {"model": MODEL, "name": "front", "handoffs": [other["id"]]}
            agent_id = http.post("/v1/agents", json=front).json()["id"]
            http.event_hooks["response"] = [check_response]
            _play_everything(http, agent_id)

        assert len(checked) == 8 + 4  # eleven operations on eight routes, and their four 422s

    def test_replies_are_those_of_the_recordings(self, corpus: Path) -> None:
        """The recorded requests get the recorded replies, but for ids, times, counts and cuts."""
        compared = 0
        with Sandbox() as fresh, _client(fresh) as http:
            for path in sorted(corpus.glob("cassettes/mistral/*conversations*.yaml")):
                conversation_id = ""
                for recorded in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
                    url = httpx.URL(recorded["request"]["uri"])
                    ours = re.sub("conv_[0-9a-f]+", conversation_id, url.path)
                    live = recorded["response"]
                    reply = http.post(ours, content=recorded["request"]["body"])
                    assert live["status"]["code"] == reply.status_code
                    assert live["headers"]["content-type"] == [reply.headers["content-type"]]
                    assert _uncounted(live["body"]["string"]) == _uncounted(reply.text)
                    conversation_id = _id_in(reply.text)
                    compared += 1
        assert compared == 6


def _id_in(body: str) -> str:
    return re.findall("conv_[0-9a-f]{32}", body)[0]  # type: ignore[no-any-return]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _as_published(value: object) -> object:
    """Without ``function`` of tool executions, which the live API adds to its own schema."""
    if isinstance(value, list):
        return [_as_published(one) for one in value]
    if not isinstance(value, dict):
        return value
    extra = {"function"} if str(value.get("type")).startswith("tool.execution") else set()
    return {name: _as_published(one) for name, one in value.items() if name not in extra}


def _play_everything(http: httpx.Client, agent_id: str) -> None:
    """Each operation, with each kind of entry and event."""
    root = "/v1/conversations"
    tools = [WEATHER, {"type": "web_search"}]
    origins: tuple[dict[str, object], ...] = (
        {"model": MODEL, "tools": tools, "metadata": {"a": 1}},
        {"model": MODEL, "tools": [{"type": "code_interpreter"}], "completion_args": {"top_p": 1}},
        {"agent_id": agent_id},
    )
    for origin in origins:
        for stream in (False, True):
            body = {"inputs": "Hello", "stream": stream} | origin
            started = http.post(root, json=body)
            path = f"{root}/{_id_in(started.text)}"
            asked = http.post(path, json={"inputs": "Weather in Paris?", "stream": stream})
            call = re.search('"tool_call_id":"(.{9})"', asked.text)
            if call:
                result = {"type": "function.result", "tool_call_id": call[1], "result": "sun"}
                http.post(path, json={"inputs": [result], "stream": stream})
            history = http.get(f"{path}/history").json()
            http.get(f"{path}/messages")
            restart = {"from_entry_id": history["entries"][0]["id"], "stream": stream}
            http.post(f"{path}/restart", json=restart)
            http.get(path)
    http.get(root)
    http.get(root, params={"page": "x"})
    http.post(root, json={})
    http.post(path, json={"tools": []})
    http.post(f"{path}/restart", json={})
    http.delete(path)


def _uncounted(text: str) -> object:
    """A reply without ids, times and token counts; deltas of one output become one."""
    text = re.sub(
        r'"(prompt|completion|total|connector)_tokens":\d+', r'"\1_tokens":0', _masked(text)
    )
    if text.startswith("{"):
        return text
    merged: list[dict[str, Any]] = []
    for event in _events(text):
        piece = "content" if "content" in event else "arguments"
        if merged and event["type"].endswith(".delta") and event["type"] == merged[-1]["type"]:
            merged[-1][piece] += event[piece]
        else:
            merged.append(event)
    return [list(event.items()) for event in merged]


class TestServer:
    """The server: start, stop, and what it must not do in somebody else's process."""

    def test_surface(self) -> None:
        """Two names are public."""
        assert sandbox_package.__all__ == ["Sandbox", "create_app"]

    def test_starts_and_stops_fast(self) -> None:
        """A server is there at once, and leaves its port to the next one."""
        begin = time.perf_counter()
        first = Sandbox()
        with _client(first) as http:
            assert http.get("/v1/conversations").is_success
        assert time.perf_counter() - begin < 1
        first.close()
        first.close()
        with pytest.raises(httpx.ConnectError):
            httpx.get(first.url)

        with Sandbox(port=httpx.URL(first.url).port or 0) as second, _client(second) as http:
            assert first.url == second.url
            assert http.get("/v1/conversations").json() == []

    def test_servers_share_nothing(self, http: httpx.Client) -> None:
        """Two servers in one process have state of their own."""
        reply = _start(http, "Hi")
        with Sandbox() as other, _client(other) as elsewhere:
            path = f"/v1/conversations/{reply['conversation_id']}"
            assert elsewhere.get(path).status_code == 404

    def test_port_in_use(self, sandbox: Sandbox) -> None:
        """The error names the address; so it does for a port that cannot be."""
        port = httpx.URL(sandbox.url).port
        assert port
        with pytest.raises(OSError, match=rf"cannot listen on .*:{port}: "):
            Sandbox(port=port)
        with pytest.raises(OSError, match=r"cannot listen on .*:65536: "):
            Sandbox(port=65536)

    @pytest.mark.parametrize("port", ["65536", "-1"])
    def test_no_port(self, port: str, capsys: pytest.CaptureFixture[str]) -> None:
        """On the command line such a one is a wrong use, as it is for `serve`."""
        assert main(["sandbox", "--port", port]) == 2
        assert capsys.readouterr().err.startswith(f"--port is {port}; choose one up to 65535")

    @pytest.mark.parametrize("pace", [-1.0, float("nan")])
    def test_pace_has_to_be_a_time(self, pace: float) -> None:
        """A pace below 0 or one that is no number is refused."""
        with pytest.raises(ValueError, match="pace has to be 0 or more seconds"):
            Sandbox(pace=pace)

    def test_pace(self) -> None:
        """Events come that many seconds apart."""
        with Sandbox(pace=0.1) as paced, _client(paced) as http:
            body = {"inputs": "Hi", "model": MODEL, "stream": True}
            begin = time.perf_counter()
            with http.stream("POST", "/v1/conversations", json=body) as response:
                arrivals = [time.perf_counter() for _ in response.iter_raw()]

            assert len(arrivals) == 4
            assert arrivals[-1] - arrivals[0] > 0.2
            assert arrivals[-1] - begin > 0.3

    def test_stop_cuts_an_open_stream(self) -> None:
        """A stop waits for an open stream, but not for long."""
        slow = Sandbox(pace=60)
        body = {"inputs": "Hi", "model": MODEL, "stream": True}
        with _client(slow) as http, http.stream("POST", "/v1/conversations", json=body) as response:
            chunks = response.iter_raw()
            next(chunks)
            begin = time.perf_counter()
            slow.close()
            assert time.perf_counter() - begin < 3  # 1.2 on an idle machine
            with pytest.raises(httpx.RemoteProtocolError):
                next(chunks)

    def test_stop_does_not_wait_for_one_who_does_not_read(self) -> None:
        """A client that leaves megabytes unread neither stops the stop nor leaks a socket."""
        busy = Sandbox()
        body = {"inputs": "w" * 8_000_000, "model": MODEL}
        with _client(busy) as http, http.stream("POST", "/v1/conversations", json=body) as response:
            begin = time.perf_counter()
            busy.close()
            assert time.perf_counter() - begin < 3  # 1.2 on an idle machine
            with pytest.raises(httpx.RemoteProtocolError):
                response.read()
        del busy
        gc.collect()  # a leak would warn here

    def test_nothing_is_printed(
        self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Clients that leave, send garbage or half a request make no noise."""
        caplog.set_level(logging.INFO)
        with Sandbox(pace=0.02) as paced:
            address = ("127.0.0.1", httpx.URL(paced.url).port or 0)
            with _client(paced) as http:
                body = {"inputs": "word " * 50, "model": MODEL, "stream": True}
                with http.stream("POST", "/v1/conversations", json=body) as response:
                    next(response.iter_raw())
            head = b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
            for sent in (b"garbage\r\n\r\n", head + b"Content-Length: 9\r\n\r\n{"):
                with socket.create_connection(address) as raw:
                    raw.sendall(sent)
                    time.sleep(0.1)
            time.sleep(0.1)

        assert capfd.readouterr() == ("", "")
        assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []

    def test_a_fault_of_its_own_is_not_hidden(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An exception inside is a 500 and is logged, and so is what others log meanwhile."""

        def fail(*_: object, **__: object) -> None:
            message = "broken"
            raise RuntimeError(message)

        monkeypatch.setattr(_app, "take", fail)
        with Sandbox() as broken, _client(broken) as http:
            body = {"inputs": "Hi", "model": MODEL}
            assert http.post("/v1/conversations", json=body).status_code == 500
            logging.getLogger("uvicorn.error").warning("another server")

        logged = [one.getMessage().strip() for one in caplog.records if "uvicorn" in one.name]
        # The log line is written after the response, so the order is not fixed.
        assert {*logged} == {"Exception in ASGI application", "another server"}

    def test_embedded_in_asgi(self) -> None:
        """The app serves without the server, and passes on what is no HTTP."""
        app = create_app()

        async def call() -> int:
            transport = httpx.ASGITransport(app)
            headers = {"authorization": "Bearer key"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://sandbox", headers=headers
            ) as client:
                return (await client.get("/v1/conversations")).status_code

        assert asyncio.run(call()) == 200

    def test_lifespan(self) -> None:
        """A server that asks for it may start up and shut down the app."""
        asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            return next(asked)

        async def send(message: Message) -> None:
            sent.append(message["type"])

        asyncio.run(create_app()({"type": "lifespan"}, receive, send))

        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
