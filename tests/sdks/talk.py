"""A conversation by the official Python SDK, as JSON on standard output."""

import json
import os
import sys

from mistralai.client import Mistral
from mistralai.client.models import MessageOutputEntry

client = Mistral(api_key=os.environ["KEY"], server_url=sys.argv[1])
started = client.beta.conversations.start(
    model="mistral-small-latest", inputs="What is 2+2? Reply with just the number."
)
answer = started.outputs[-1]
assert isinstance(answer, MessageOutputEntry)
with client.beta.conversations.append_stream(
    conversation_id=str(started.conversation_id), inputs="Tell me more"
) as stream:
    events = [event.event for event in stream]
json.dump({"content": answer.content, "events": events}, sys.stdout)
