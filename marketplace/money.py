"""Money is whole minor units and a currency; shares are exact by the largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Stripe's list of currencies without minor units; others have two decimals, or three.
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
# And of those with three, whose amounts must be multiples of ten on cards: https://docs.stripe.com/currencies
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


@dataclass(frozen=True, order=True)
class Money:
    """Hold an amount in minor units (cents) of a lower-case ISO 4217 currency."""

    minor: int
    currency: str = "usd"

    def __str__(self) -> str:
        """Write it for a person: ``$1,234.50``, ``-€3.00``, ``¥500``, ``CHF 12.00``."""
        sign = "-" if self.minor < 0 else ""
        code = self.currency.lower()
        digits = places(code)
        whole, rest = divmod(abs(self.minor), 10**digits)
        figure = f"{whole:,}.{rest:0{digits}d}" if digits else f"{whole:,}"
        return f"{sign}{SYMBOLS.get(code) or code.upper() + ' '}{figure}"


def places(currency: str) -> int:
    """Give how many decimals a currency has."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def split_in(currency: str, total: int, weights: Sequence[int]) -> list[int]:
    """Share like ``split``, in parts that Stripe can send: multiples of ten where the currency has three decimals."""
    if places(currency) == 3 and not total % 10 and not any(weight % 10 for weight in weights):
        return [part * 10 for part in split(total // 10, weights)]
    return split(total, weights)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` minor units over integer ``weights`` so that the parts sum to it exactly.

    Each part is within one unit of its fair share; what is left after rounding down goes to the largest remainders
    and, where these tie, to the earlier weight, so that the same input always gives the same parts (Hamilton's
    method). All-zero weights share equally. Raises ValueError for no weights or a negative one.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("split() needs at least one weight and none below zero.")
    if total < 0:
        return [-part for part in split(-total, weights)]
    base = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(base)
    parts = [total * weight // whole for weight in base]
    order = sorted(range(len(base)), key=lambda i: (-(total * base[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
