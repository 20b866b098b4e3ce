"""The command line: ``python -m warehouse "What is the stock of Bolts in Lyon?"``."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import httpx2
from mistralai.client import Mistral
from mistralai.client.errors import MistralError

from warehouse.agent import NoAnswerError, ask
from warehouse.stock import stock_level
from warehouse.toolbox import Toolbox


def main(argv: Sequence[str] | None = None) -> int:
    """Answer a question.

    Args:
        argv: The arguments; those of the process where it is None.

    Returns:
        The exit code: 0, it was answered; 1, it was not, and standard error says why.
    """
    parser = argparse.ArgumentParser("warehouse", description="Ask what the warehouse has.")
    parser.add_argument("question")
    parser.add_argument("--conversation", metavar="ID", help="go on with this conversation")
    parser.add_argument(
        "--server-url", metavar="URL", help="another server than that of the API", default=None
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="tell calls, and the conversation's id"
    )
    options = parser.parse_args(argv)
    key = os.environ.get("MISTRAL_API_KEY")
    if not key:
        parser.error("MISTRAL_API_KEY is not set")
    logging.basicConfig(format="%(message)s")
    log = logging.getLogger("warehouse")
    log.setLevel(logging.INFO if options.verbose else logging.WARNING)

    try:
        with Mistral(api_key=key, server_url=options.server_url) as client:
            answer, conversation_id = ask(
                client,
                Toolbox(stock_level),
                options.question,
                conversation_id=options.conversation,
            )
    except MistralError as error:
        print(f"warehouse: the API refused: {error.status_code} {error.body}", file=sys.stderr)
        return 1
    except (NoAnswerError, httpx2.TransportError) as error:
        print(f"warehouse: {error}", file=sys.stderr)
        return 1
    log.info("conversation %s", conversation_id)
    print(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
