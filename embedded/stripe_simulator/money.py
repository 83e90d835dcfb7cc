"""Know the currencies' minor units and the amounts that Stripe takes."""

from .errors import ApiError


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


# https://docs.stripe.com/currencies
ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
# Charged as if they had two decimals that are always 0.
HUNDREDS_IN_CHARGES = frozenset({"isk", "ugx"})
HUNDREDS_IN_PAYOUTS = frozenset({"isk", "huf", "twd", "ugx"})
OTHERS = _codes(
    "aed ars aud bgn brl cad chf cny czk dkk egp eur gbp hkd huf idr ils inr isk mxn myr ngn nok nzd pen php"
    " pln qar ron sar sek sgd thb try twd uah usd uyu zar"
)
KNOWN = ZERO_DECIMAL | THREE_DECIMAL | OTHERS
# Minor units; other currencies are taken from 1 up.
SMALLEST_CHARGE = {"usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "chf": 50, "jpy": 50, "sek": 300}
LARGEST = 99_999_999
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    """Count the digits behind the point."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def text(amount: int, currency: str) -> str:
    """Write an amount of minor units for a person."""
    places = decimals(currency)
    figure = f"{amount / 10**places:,.{places}f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{figure}" if symbol else f"{figure} {currency.upper()}"


def check_currency(currency: str, *, param: str = "currency") -> str:
    """Return the currency in lower case or refuse it."""
    lower = currency.lower()
    if lower not in KNOWN:
        raise ApiError(f"Invalid currency: {currency}.", param=param)
    return lower


def check_amount(amount: int, currency: str, *, param: str = "amount") -> None:
    """Refuse an amount that Stripe would not move."""
    if amount < 1:
        raise ApiError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=param
        )
    if amount > LARGEST:
        raise ApiError(
            f"Amount must be no more than {text(LARGEST, currency)}", code="amount_too_large", param=param
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise ApiError(
            f"Invalid amount. {currency.upper()} amounts must end in 0.",
            code="invalid_charge_amount",
            param=param,
        )


def check_charge(amount: int, currency: str, *, param: str = "amount") -> None:
    """Refuse an amount that cannot be taken from a card."""
    check_amount(amount, currency, param=param)
    least = SMALLEST_CHARGE.get(currency, 1)
    if amount < least:
        raise ApiError(
            f"Amount must be at least {text(least, currency)}", code="amount_too_small", param=param
        )
    if currency in HUNDREDS_IN_CHARGES and amount % 100:
        raise ApiError(f"Invalid amount. {currency.upper()} must be a multiple of 100.", param=param)


def card_fee(amount: int) -> int:
    """Charge 2.9 % rounded half up, and 30 minor units."""
    return (amount * 29 + 500) // 1000 + 30
