"""Taking a package with the hours of a plan: one transaction makes the order, its access and its sale."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from buyers import sizes, subscriptions
from buyers.models import (
    CartItem,
    Entitlement,
    LicenceAcceptance,
    Membership,
    Order,
    OrderLine,
    Organisation,
    PayBy,
    PlanPeriod,
    PlanUse,
)
from buyers.plan_hours import hours_of, in_words, live, why_no_hours
from buyers.sizes import LicenceSize
from marketplace.models import Package, PackageVersion
from marketplace.models.event import record
from marketplace.money import Money
from marketplace.states import OrderState, advance
from payouts import ledger
from payouts.models import AccountKind


class PlanRefused(Exception):
    """Say in one sentence why the plan does not give a package; ``code`` says it to programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def take(
    *, member: Membership, package: Package, accepted_sha256: str, address_prefix: str, agent: str
) -> Entitlement:
    """Give an organisation the version on sale, for hours of its plan; once it has it, again for nothing.

    ``accepted_sha256`` is that of the licence's text. Raises PlanRefused and uses nothing.
    """
    organisation, version = member.organisation, package.current
    if version is None:
        raise PlanRefused("not_for_sale", "This package is not for sale now. Nothing was used.")
    with transaction.atomic():
        # Two calls for one package take turns here: the second finds what the first made.
        list(PlanPeriod.objects.select_for_update().filter(organisation=organisation, closed_at=None))
        known = _known(organisation, version)
        if known is not None:
            return known
        periods = list(live(organisation))
        _may_take(member, package, periods, accepted_sha256)
        ms = hours_of(version)
        left = sum(period.left_ms for period in periods)
        if ms > left:
            raise PlanRefused("hours_used_up", _too_long(package, ms, left, periods))
        return _sell(
            member=member, package=package, version=version, parts=_parts(periods, ms),
            address_prefix=address_prefix, agent=agent,
        )  # fmt: skip


def _known(organisation: Organisation, version: PackageVersion) -> Entitlement | None:
    """Find the access that is there; what a plan that runs had taken before is opened again."""
    rows = Entitlement.objects.filter(organisation=organisation, version=version).select_related(
        "line__order"
    )
    found = rows.live().order_by("-until").first()
    if found is not None or subscriptions.of(organisation) is None:
        return found
    found = rows.filter(
        line__order__pay_by=PayBy.PLAN, line__order__state=OrderState.PAID, revoked_at=None
    ).first()
    if found is not None:
        found.until = timezone.now() + timedelta(days=settings.ENTITLEMENT_DAYS)
        found.save(update_fields=["until"])
    return found


def _may_take(member: Membership, package: Package, periods: list[PlanPeriod], accepted: str) -> None:
    if not periods:
        code, why = why_no_hours(member.organisation)
        raise PlanRefused(code, why)
    if package.currency != periods[0].currency:
        raise PlanRefused(
            "other_currency",
            f"This package is sold in {package.currency.upper()} and is not part of the plan.",
        )
    if accepted != package.licence.sha256:
        raise PlanRefused(
            "licence_not_accepted",
            f"Accept “{package.licence}” first: send the SHA-256 of its text, {package.licence.sha256}. "
            "Nothing was used.",
        )


def _too_long(package: Package, ms: int, left: int, periods: list[PlanPeriod]) -> str:
    until = max(period.ends_at for period in periods)
    return (
        f"“{package}” is {in_words(ms)} long and your plan has {left // 60_000} minutes left until "
        f"{until:%-d %B %Y}. Nothing was used. Change to a larger plan, or buy the package for "
        f"{Money(package.price_minor, package.currency)}."
    )


def _parts(periods: Iterable[PlanPeriod], ms: int) -> list[tuple[PlanPeriod, int, int]]:
    """Take ``ms`` from the months, the one that ends first at the front: month, milliseconds, what they cost."""
    found = []
    for period in periods:
        part = min(ms, period.left_ms)
        if part:
            found.append((period, part, period.price_of(part)))
        ms -= part
    return found


def _sell(
    *, member: Membership, package: Package, version: PackageVersion, parts: list[tuple[PlanPeriod, int, int]],
    address_prefix: str, agent: str,
) -> Entitlement:  # fmt: skip
    total, now = sum(value for _, _, value in parts), timezone.now()
    size = LicenceSize.ORGANISATION
    order = Order.objects.create(
        organisation=member.organisation, placed_by=member.user, form_token=uuid.uuid4(),
        currency=parts[0][0].currency, total_minor=total, pay_by=PayBy.PLAN,
    )  # fmt: skip
    line = OrderLine.objects.create(
        order=order, version=version, title=package.title, size=size, price_minor=total
    )
    LicenceAcceptance.objects.create(
        order=order, terms=package.licence, text_sha256=package.licence.sha256, user=member.user,
        address_prefix=address_prefix, agent=agent,
    )  # fmt: skip
    record("order.placed", subject=order, actor=member.user, data={"total_minor": total, "plan": True})
    advance(order, OrderState.PAID, actor=member.user, paid_at=now)
    for period, ms, value in parts:
        PlanUse.objects.create(period=period, order=order, ms=ms, value_minor=value)
        period.used_ms += ms
        period.used_minor += value
        period.save(update_fields=["used_ms", "used_minor"])
    ledger.post_sale(order=order, paid_from=AccountKind.PLAN_CREDIT)
    CartItem.objects.filter(organisation=member.organisation, package=package).delete()
    return Entitlement.objects.create(
        organisation=member.organisation, line=line, version=version, starts_at=now, seats=sizes.seats(size),
        until=now + timedelta(days=settings.ENTITLEMENT_DAYS),
    )  # fmt: skip
