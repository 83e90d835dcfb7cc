"""The cart of an organisation, and what has happened to its packages since they were put in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from buyers import promotions, sizes
from buyers.models import CartCode, CartItem, Entitlement, Membership, OrderLine
from marketplace.models import LicenceTerms, Package
from marketplace.money import Money
from marketplace.states import OrderState


@dataclass(frozen=True)
class Line:
    """One package in the cart.

    ``gone`` says why it cannot be bought; ``asked`` says what has to be agreed to before it is counted; ``note`` is
    worth knowing, and ``order`` is the order that it is about.
    """

    item: CartItem
    gone: str = ""
    asked: str = ""
    note: str = ""
    order: Any = None

    @property
    def counts(self) -> bool:
        """Say whether it is bought when the cart is paid now."""
        return not self.gone and not self.asked

    @property
    def amount_minor(self) -> int:
        """Give what it costs for its size of team, before any discount."""
        return self.item.package.price_minor * sizes.multiple(self.item.size)


@dataclass(frozen=True)
class Cart:
    """What is in the cart now; only ``buyable`` lines count."""

    lines: list[Line]
    code: CartCode | None = None

    @property
    def buyable(self) -> list[Line]:
        """Keep the lines that are paid now."""
        return [line for line in self.lines if line.counts]

    @property
    def total_minor(self) -> int:
        """Add up what is paid now, without tax."""
        return self.list_minor - self.discount_minor

    @property
    def list_minor(self) -> int:
        """Add up what it costs before the promotion code."""
        return sum(line.amount_minor for line in self.buyable)

    @property
    def discount_minor(self) -> int:
        """Give what the promotion code takes off."""
        return self._discount[0]

    @property
    def code_problem(self) -> str:
        """Say in one sentence why the code takes nothing off, or nothing when it does."""
        return self._discount[1]

    @property
    def _discount(self) -> tuple[int, str]:
        if self.code is None or not self.buyable:
            return 0, ""
        return promotions.discount(self.code, total_minor=self.list_minor, currency=self.currency)

    @property
    def currency(self) -> str:
        """Give the one currency of what is paid now."""
        return self.buyable[0].item.package.currency if self.buyable else "usd"

    @property
    def terms(self) -> list[LicenceTerms]:
        """List the distinct licence texts to accept."""
        found = {line.item.package.licence_id: line.item.package.licence for line in self.buyable}
        return list(found.values())

    @property
    def fingerprint(self) -> str:
        """Write what the person saw: packages, versions, prices and code; a change since then is asked about again."""
        seen = sorted((str(x.item.package.current_id), x.amount_minor, x.item.size) for x in self.buyable)
        code = f"{self.code.stripe_id}:{self.discount_minor}" if self.code else ""
        return ";".join([*(f"{version}:{price}:{size}" for version, price, size in seen), code])


def put(*, member: Membership, package: Package) -> bool:
    """Put a package into the cart at today's price, or agree to that price; False when it was there already."""
    _, new = CartItem.objects.update_or_create(
        organisation_id=member.organisation_id,
        package=package,
        defaults={"price_minor": package.price_minor},
        create_defaults={"price_minor": package.price_minor, "added_by_id": member.user_id},
    )
    return new


def resize(*, member: Membership, package_id: Any, size: str) -> None:
    """Say for how many people a package in the cart is; another size is another price, shown before paying."""
    if size in sizes.TERMS:
        rows = CartItem.objects.filter(organisation_id=member.organisation_id, package_id=package_id)
        rows.update(size=size)


def take_out(*, member: Membership, package_id: Any) -> None:
    """Take a package out of the cart."""
    CartItem.objects.filter(organisation_id=member.organisation_id, package_id=package_id).delete()


def holds(*, member: Membership | None, package: Package) -> bool:
    """Say whether a package is in the cart of this person's organisation."""
    return (
        member is not None
        and CartItem.objects.filter(organisation_id=member.organisation_id, package=package).exists()
    )


def look(*, member: Membership) -> Cart:
    """Look what is in the cart and whether each package can still be bought."""
    items = list(
        CartItem.objects.filter(organisation_id=member.organisation_id).select_related(
            "package__licence", "package__current"
        )
    )
    ids = [item.package_id for item in items]
    listed = set(Package.objects.listed().filter(pk__in=ids).values_list("pk", flat=True))
    notes = _notes(member, ids)
    currency = next((item.package.currency for item in items if item.package_id in listed), "usd")
    return Cart([_line(item, listed, currency, notes) for item in items], promotions.of_cart(member))


def _line(item: CartItem, listed: set[Any], currency: str, notes: dict[Any, tuple[str, Any]]) -> Line:
    package = item.package
    if package.pk not in listed:
        return Line(
            item, gone="It is no longer for sale, so it is not counted. The rest of your cart is kept."
        )
    if package.currency != currency:
        return Line(item, gone=f"It is sold in {package.currency.upper()}: buy it in an order of its own.")
    note, order = notes.get(package.pk, ("", None))
    was, now = Money(item.price_minor, package.currency), Money(package.price_minor, package.currency)
    if now > was:
        asked = (
            f"Its price rose from {was} to {now} since you put it in, so it is not counted until you agree."
        )
        return Line(item, asked=asked, note=note, order=order)
    if now < was:
        note = f"Its price fell from {was} to {now}: you pay the lower one. {note}".strip()
    return Line(item, note=note, order=order)


def _notes(member: Membership, packages: Iterable[Any]) -> dict[Any, tuple[str, Any]]:
    """Say which of the packages the organisation has already, or has ordered and not paid: sentence and order."""
    found: dict[Any, tuple[str, Any]] = {}
    waiting = OrderLine.objects.filter(
        order__organisation_id=member.organisation_id,
        order__state__in=[OrderState.PENDING, OrderState.AWAITING],
        version__package__in=packages,
    )
    for line in waiting.select_related("order", "version"):
        found[line.version.package_id] = (f"{line.order} with it waits for payment.", line.order_id)
    owned = Entitlement.objects.live().filter(
        organisation_id=member.organisation_id, version__package__in=packages
    )
    for row in owned.select_related("version", "line").order_by("version__number"):
        found[row.version.package_id] = (
            f"Your organisation has version {row.version.number} of it, with downloads until {row.until:%-d %B %Y}.",
            row.line.order_id,
        )
    return found
