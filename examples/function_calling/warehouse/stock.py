"""What the model may call. The functions know nothing of it."""

from typing import Literal

Site = Literal["Lyon", "Porto"]

_STOCK: dict[tuple[str, Site], int] = {
    ("bolts", "Lyon"): 1200,
    ("bolts", "Porto"): 80,
    ("washers", "Lyon"): 0,
}


class UnknownItemError(ValueError):
    """There is no such item at a site."""


def stock_level(item: str, site: Site) -> int:
    """How many pieces of an item a site has.

    Raises:
        UnknownItemError: The site does not keep the item.
    """
    try:
        return _STOCK[item.casefold(), site]
    except KeyError:
        message = f"{site} keeps no {item}"
        raise UnknownItemError(message) from None
