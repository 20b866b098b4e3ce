"""Bodies with a content coding (RFC 9110, section 8.4), as they are without it."""

from vcr.filters import decode_response


def decompressed(body: bytes, coding: str | None) -> bytes | None:
    """A body without its content coding, as far as vcrpy knows it; None where nothing is to do.

    Args:
        body: as it was sent, or stored; many tools decode it and leave the header.
        coding: the header ``Content-Encoding``.
    """
    if not body or not coding:
        return None
    response = {"headers": {"content-encoding": [coding]}, "body": {"string": body}}
    plain: bytes = decode_response(response)["body"]["string"]
    return None if plain == body else plain
