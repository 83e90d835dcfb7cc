"""Know Stripe's test cards and what each of them does (https://docs.stripe.com/testing)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """Say how a payment with a card ends."""

    brand: str = "visa"
    code: str | None = None
    decline_code: str | None = None
    message: str = ""
    authenticate: bool = False
    at_once: bool = False
    dispute: str | None = None


def _declined(
    code: str, message: str, decline_code: str | None = None, *, authenticate: bool = False
) -> Behaviour:
    return Behaviour(code=code, decline_code=decline_code, message=message, authenticate=authenticate)


CARDS: dict[str, Behaviour] = {
    "4242424242424242": Behaviour(),
    "4000056655665556": Behaviour(),
    "5555555555554444": Behaviour(brand="mastercard"),
    "378282246310005": Behaviour(brand="amex"),
    "4000000000000077": Behaviour(at_once=True),
    "4000002500003155": Behaviour(authenticate=True),
    "4000000000003220": Behaviour(authenticate=True),
    "4000000000000259": Behaviour(dispute="fraudulent"),
    "4000000000002685": Behaviour(dispute="product_not_received"),
    "4000000000000002": _declined("card_declined", "Your card was declined.", "generic_decline"),
    "4000000000009995": _declined("card_declined", "Your card has insufficient funds.", "insufficient_funds"),
    "4000000000009987": _declined("card_declined", "Your card was declined.", "lost_card"),
    "4000000000009979": _declined("card_declined", "Your card was declined.", "stolen_card"),
    "4000000000000069": _declined("expired_card", "Your card has expired."),
    "4000000000000127": _declined("incorrect_cvc", "Your card's security code is incorrect."),
    "4000000000000119": _declined(
        "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
    "4000008400001629": _declined(
        "card_declined", "Your card was declined.", "generic_decline", authenticate=True
    ),
}
REAL_CARD = _declined(
    "card_declined",
    "Your card was declined. Your request was in test mode, but used a non test card."
    " For a list of valid test cards, visit: https://stripe.com/docs/testing.",
    "test_mode_live_card",
)
NOT_AUTHENTICATED = _declined(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)

# The names that API calls use instead of numbers.
TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_amex": "378282246310005",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_authenticationRequired": "4000002500003155",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
}


@dataclass(frozen=True)
class Card:
    """Hold what a person typed; its number is stored only while the bank is asked."""

    number: str
    exp_month: int = 12
    exp_year: int = 2034
    name: str = ""
    country: str = "US"
    email: str | None = None

    @property
    def behaviour(self) -> Behaviour:
        """Look up how it behaves."""
        return CARDS.get(self.number, REAL_CARD)


def luhn(number: str) -> bool:
    """Check the last digit."""
    digits = [int(d) for d in reversed(number)]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def read(number: str, expiry: str, cvc: str, *, month: int, year: int) -> tuple[dict[str, str], int, int]:
    """Check a card as typed; return the errors by field, and the expiry as month and year."""
    errors: dict[str, str] = {}
    if not (number.isdigit() and 12 <= len(number) <= 19 and luhn(number)):
        errors["number"] = "Your card number is invalid. Check the digits."
    digits = "".join(c for c in expiry if c.isdigit())
    exp_month, exp_year = 0, 0
    if len(digits) == 4 and 1 <= int(digits[:2]) <= 12:
        exp_month, exp_year = int(digits[:2]), 2000 + int(digits[2:])
        if (exp_year, exp_month) < (year, month):
            errors["expiry"] = "Your card's expiry date is in the past."
    else:
        errors["expiry"] = "Write the expiry date as MM / YY."
    wanted = 4 if CARDS.get(number, REAL_CARD).brand == "amex" else 3
    if not (cvc.isdigit() and len(cvc) == wanted):
        errors["cvc"] = f"The security code has {wanted} digits."
    return errors, exp_month, exp_year
