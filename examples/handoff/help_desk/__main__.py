"""The command line: ``python -m help_desk "When is my shipping due?" "Is billing open?"``."""

import argparse
import asyncio
import os
import sys

import httpx2
from mistralai.client import Mistral
from mistralai.client.errors import MistralError

from help_desk import UnansweredError, ask, opened


def main() -> int:
    """Ask all questions of the command line at once.

    Returns:
        The exit code: 0, all were answered; 1, one was not.
    """
    parser = argparse.ArgumentParser("help_desk", description="Ask the help desk.")
    parser.add_argument("question", nargs="+")
    parser.add_argument("--server-url", metavar="URL", help="another server than that of the API")
    options = parser.parse_args()
    key = os.environ.get("MISTRAL_API_KEY")
    if not key:
        parser.error("MISTRAL_API_KEY is not set")
    client = Mistral(api_key=key, server_url=options.server_url)
    try:
        return asyncio.run(_answer(client, options.question))
    except (MistralError, httpx2.TransportError) as error:  # there is no desk at all
        print(f"help_desk: {error}", file=sys.stderr)
        return 1


async def _answer(mistral: Mistral, questions: list[str]) -> int:
    async with mistral as client, opened(client) as desk_id:
        asked = [ask(client, desk_id, question) for question in questions]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    for question, answer in zip(questions, answers, strict=True):
        print(question)
        if isinstance(answer, UnansweredError):
            print(f"  no answer: {answer}")
        elif isinstance(answer, BaseException):
            raise answer
        else:
            print(f"  {' > '.join(answer.route)}: {answer.text}")
    return int(any(isinstance(answer, UnansweredError) for answer in answers))


if __name__ == "__main__":
    sys.exit(main())
