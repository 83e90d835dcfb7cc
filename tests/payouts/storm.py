"""Histories of Stripe's side, drawn at random, and their events told in order, or shuffled, doubled and at once."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import stripe
from django.db import connections
from django.db.models import Sum
from django.urls import get_resolver
from django.utils import timezone

from buyers import orders
from buyers.models import Entitlement, Order
from buyers.stripe_api import client
from marketplace.models import Package, User
from payouts import connect, inbox, transfers
from payouts.models import ConnectAccount, Dispute, Earning, LedgerLine, StripeEvent, Transfer
from payouts.stripe_events import ABOUT_ACCOUNTS, HANDLERS
from tests import people
from tests.payouts import storm_plans
from tests.payouts.stage import Simulator, package_of, past_hold, signed
from tests.payouts.storm_plans import Plan

Step = tuple[Any, ...]
TOGETHER = (
    5  # histories that share their people, so that what one took back is netted by the next one's sales
)
# What an endpoint asks Stripe for: kinds that we act upon.
ASKED_FOR = frozenset([*HANDLERS, *ABOUT_ACCOUNTS])


@dataclass(frozen=True)
class History:
    """What happens at Stripe, in phases; after each phase its events are told and a payout run follows."""

    seed: int
    prices: list[int]
    seconds: list[int]
    phases: list[list[Step]]
    plan: bool


def draw(seed: int) -> History:
    """Draw one history: one to three orders of one to three people, paid, refunded, disputed, paid out, taken back.

    Every third one has a plan, too: subscribed to, renewed, declined, changed, cancelled, used, refunded, disputed.
    """
    rng = random.Random(seed)
    orders = rng.randint(1, 3)
    prices = [rng.randint(99, 60_000) for _ in range(orders)]
    phases: list[list[Step]] = []
    for phase in range(rng.randint(2, 3)):
        steps: list[Step] = []
        for number in range(orders):
            if phase == 0:
                steps.append(
                    (rng.choices(["pay", "decline", "expire", "pay twice"], [16, 1, 1, 1])[0], number)
                )
            for _ in range(rng.choice([0, 1, 1, 2])):
                steps.append(_claim(rng, number))
        if phase:
            steps += [("reverse", rng.random()) for _ in range(rng.choice([0, 0, 1]))]
            steps += [("payout", rng.randrange(3))] * rng.choice([0, 0, 1])
            steps += [("account", rng.choice(["restrict", "restore"]), rng.randrange(3))] * rng.choice(
                [0, 0, 1]
            )
        phases.append(steps)
    seconds = [rng.randint(1, 60) for _ in range(rng.randint(1, 3))]
    if plan := seed % 3 == 0:
        for number, steps in enumerate(phases):
            steps += storm_plans.draw(rng, number)
            steps += [_claim(rng, ("month", rng.randrange(3))) for _ in range(rng.choice([0, 0, 1, 2]))]
    return History(seed, prices, seconds, phases, plan)


def _claim(rng: random.Random, paid: Any) -> Step:
    """Draw what a buyer takes back of a payment: of an order by its number, or of a month, ``("month", number)``."""
    return rng.choice(
        [
            ("refund", paid, rng.choice([0.1, 0.33, 0.5, 1.0])),
            ("refund", paid, rng.random()),
            ("refund fails", paid),
            ("dispute", paid, rng.choice([None, 0.4, 1.0, 1.2])),
            ("close", paid, rng.choice(["won", "lost"])),
        ]
    )


class Cast:
    """The people who film in a few histories, with accounts at Stripe, and who curates."""

    def __init__(self, sim: Simulator, name: str) -> None:
        self.sim = sim
        self.people = [people.alice(f"film-{name}-{number}@example.org") for number in range(3)]
        for person in self.people:
            sim.account_for(person)
        self.curator = people.staff(f"curator-{name}@example.org")
        self.licence = people.make_terms()
        self.on_stage(False)

    def on_stage(self, here: bool) -> None:
        """Let payout runs look at these people, or not: two tellings must not pay each other's."""
        User.objects.filter(pk__in=[person.pk for person in self.people]).update(is_active=here)
        shut = ConnectAccount.objects.filter(contributor__in=self.people, transfers_active=False)
        for account in shut if here else []:
            self.sim.control(f"accounts/{account.stripe_id}", {"onboard": True})
            connect.refresh(account=account)


@dataclass
class Market:
    """One history's people, orders and Stripe."""

    sim: Simulator
    history: History
    cast: Cast
    orders: list[Order] = field(default_factory=list)
    plan: Plan | None = None
    last: str = ""

    @property
    def people(self) -> list[User]:
        """Give those who film in this history."""
        return self.cast.people[: len(self.history.seconds)]

    def open(self, word: str) -> None:
        """Make the packages and the orders, and the organisation that buys, all of names of their own."""
        self.cast.on_stage(True)
        name = f"{word}{self.history.seed}"
        buyer = people.bob(f"buy-{name}@example.org", f"Buyer {name}")
        found = [self._package(f"{name}-{n}", price) for n, price in enumerate(self.history.prices)]
        self.orders = [people.make_order(buyer, package) for package in found]
        if self.history.plan:
            self.plan = Plan(self.sim, buyer, [self._package(f"{name}-plan", 50_000), found[0]])
        self.fresh()  # those of opening accounts

    def _package(self, slug: str, price: int) -> Package:
        parts = zip(self.people, self.history.seconds, strict=True)
        return package_of(
            *parts, price_minor=price, slug=slug, curator=self.cast.curator, licence=self.cast.licence
        )

    def do(self, step: Step) -> None:
        """Do one step at Stripe; one that cannot happen now, as Stripe sees it, does not happen."""
        act: dict[str, Callable[..., None]] = {
            "pay": self._pay, "pay twice": self._pay_twice, "decline": self._decline, "expire": self._expire,
            "refund": self._refund, "refund fails": self._refund_fails, "dispute": self._dispute,
            "close": self._close, "reverse": self._reverse, "account": self._account, "payout": self._payout,
        }  # fmt: skip
        if step[0] in act:
            act[step[0]](*step[1:])
        elif self.plan:
            self.plan.do(step)

    def fresh(self) -> list[dict[str, Any]]:
        """Give the events that were not told yet, oldest first."""
        found: list[dict[str, Any]] = self.sim.control(f"events?after={self.last}")["data"]
        self.last = found[-1]["id"] if found else self.last
        return [event for event in found if event["type"] in ASKED_FOR]

    def _pay(self, number: int) -> None:
        self.orders[number] = self.sim.pays(self.orders[number])

    def _pay_twice(self, number: int) -> None:
        self._pay(number)
        self.sim.second_payment(self.orders[number])

    def _decline(self, number: int) -> None:
        order = self.orders[number] = orders.open_payment(order=self.orders[number])
        self.sim.attempt(f"sessions/{order.stripe_session_id}/pay", {"card": "4000000000000002"})

    def _expire(self, number: int) -> None:
        order = self.orders[number] = orders.open_payment(order=self.orders[number])
        client().v1.checkout.sessions.expire(order.stripe_session_id)

    def _charge(self, paid: Any) -> Any:
        if isinstance(paid, tuple):
            return self.plan.charge(paid[1]) if self.plan else None
        session = self.orders[paid].stripe_session_id
        if not session:
            return None
        found: Any = client().v1.checkout.sessions.retrieve(
            session, {"expand": ["payment_intent.latest_charge"]}
        )
        intent = found.payment_intent
        charge = intent.latest_charge if intent else None
        return charge if charge and charge.status == "succeeded" else None

    def _refund(self, paid: Any, share: float) -> None:
        charge = self._charge(paid)
        left = charge.amount - charge.amount_refunded if charge else 0
        disputes = client().v1.disputes.list({"charge": charge.id}).data if charge else []
        if left and all(one.status == "won" for one in disputes):
            client().v1.refunds.create({"charge": charge.id, "amount": max(1, round(left * share))})

    def _refund_fails(self, paid: Any) -> None:
        charge = self._charge(paid)
        for refund in client().v1.refunds.list({"charge": charge.id}).data if charge else []:
            if refund.status == "succeeded":
                self.sim.control(f"refunds/{refund.id}/fail", {})
                return

    def _dispute(self, paid: Any, share: float | None) -> None:
        charge = self._charge(paid)
        if charge and not charge.disputed and charge.amount_refunded < charge.amount:
            body = {} if share is None else {"amount": max(1, round(charge.amount * share))}
            self.sim.control("disputes", {"charge": charge.id, **body})

    def _close(self, paid: Any, status: str) -> None:
        charge = self._charge(paid)
        for dispute in client().v1.disputes.list({"charge": charge.id}).data if charge else []:
            if dispute.status not in ("won", "lost"):
                self.sim.control(f"disputes/{dispute.id}/close", {"status": status})

    def _reverse(self, share: float) -> None:
        mine = Transfer.objects.filter(contributor__in=self.people).exclude(stripe_id="")
        row = mine.order_by("contributor__email", "created_at").first()
        if row is None:
            return
        found = client().v1.transfers.retrieve(row.stripe_id)
        left = found.amount - found.amount_reversed
        if left:
            amount = left if share > 0.5 else max(1, round(left * share))
            with suppress(stripe.InvalidRequestError):  # the contributor's bank has the money
                client().v1.transfers.reversals.create(row.stripe_id, {"amount": amount})

    def _payout(self, number: int) -> None:
        account = self.people[number % len(self.people)].connect_account
        self.sim.control("payouts", {"account": account.stripe_id})

    def _account(self, word: str, number: int) -> None:
        account = self.people[number % len(self.people)].connect_account
        restrict = {"disabled_reason": "requirements.past_due"}
        self.sim.control(
            f"accounts/{account.stripe_id}", restrict if word == "restrict" else {"onboard": True}
        )

    def pay_out(self) -> None:
        """Run payouts for the people of this history only, in a fixed order."""
        transfers.due(now=past_hold(), minimum_minor=1)
        for row in (
            transfers.waiting()
            .filter(contributor__in=self.people)
            .order_by("contributor__email", "created_at")
        ):
            transfers.send(transfer=row)

    def final(self) -> dict[str, Any]:
        """Describe how everything ended, without ids and times: what two tellings of one history must share."""
        mine = {"transaction__order__in": self.orders}
        by_kind = LedgerLine.objects.filter(**mine).order_by().values_list("account__kind", "currency")
        rows = (
            Earning.objects.filter(contributor__in=self.people).order_by().values_list("contributor__email")
        )
        moved = Transfer.objects.filter(contributor__in=self.people).order_by(
            "contributor__email", "created_at"
        )
        owed = LedgerLine.objects.filter(account__contributor__in=self.people).order_by()

        def plain(email: str) -> str:
            return email.rpartition("-")[2]

        return {
            "orders": [
                (row.state, Entitlement.objects.live().filter(line__order=row).exists())
                for row in Order.objects.filter(pk__in=[one.pk for one in self.orders]).order_by("created_at")
            ],
            "books": sorted(by_kind.annotate(total=Sum("amount_minor"))),
            "earned": sorted((plain(who), sum_) for who, sum_ in rows.annotate(total=Sum("amount_minor"))),
            "owed": sorted(
                (plain(who), sum_)
                for who, sum_ in owed.values_list("account__contributor__email").annotate(
                    total=Sum("amount_minor")
                )
            ),
            "transfers": [
                (plain(row.contributor.email), row.state, row.amount_minor, row.reversed_minor)
                for row in moved
            ],
            "disputes": sorted(
                Dispute.objects.filter(order__in=self.orders).values_list("status", "amount_minor")
            ),
            "accounts": [person.connect_account.transfers_active for person in self._reread()],
            **(self.plan.final() if self.plan else {}),
        }

    def _reread(self) -> list[User]:
        rows = User.objects.filter(pk__in=[person.pk for person in self.people])
        return list(rows.select_related("connect_account").order_by("email"))


def _take(event: dict[str, Any]) -> None:
    """Receive and handle one event, in a process of its own."""
    body, signature = signed(event)
    inbox.receive(payload=body.encode(), signature=signature)
    row = StripeEvent.objects.get(stripe_id=event["id"])
    inbox.handle(pk=row.pk)


def helpers(count: int = 4) -> ProcessPoolExecutor:
    """Start the processes that take events at once."""
    get_resolver().url_patterns  # noqa: B018 - imports what every child would import by itself
    gc.freeze()  # what is loaded stays: no collection of ours or of a child's walks it again
    connections.close_all()  # so that the children, who start at the first call, share none with us
    pool = ProcessPoolExecutor(count, mp_context=get_context("fork"))
    pool.submit(os.getpid).result()
    return pool


def in_order(events: list[dict[str, Any]]) -> None:
    """Tell each event once, oldest first."""
    for event in events:
        _take(event)
    settle()


def as_a_storm(
    events: list[dict[str, Any]], late: list[dict[str, Any]], *, rng: random.Random, pool: ProcessPoolExecutor
) -> None:
    """Tell each event one to four times and the late ones once more, shuffled, all at once to the processes."""
    told = [*late, *(event for event in events for _ in range(rng.randint(1, 4)))]
    rng.shuffle(told)
    list(pool.map(_take, told))
    settle()


def settle() -> None:
    """Let everything that waits have its turn until nothing does."""
    for _ in range(20):
        waiting = StripeEvent.objects.filter(handled_at=None)
        if not waiting.exists():
            return
        waiting.update(try_at=timezone.now())
        for pk in inbox.waiting():
            inbox.handle(pk=pk)
    left = list(StripeEvent.objects.filter(handled_at=None).values_list("kind", "note"))
    raise AssertionError(f"These events are never handled: {left}")


def play(
    history: History, sim: Simulator, *, pool: ProcessPoolExecutor | None, word: str, cast: Cast, last: str
) -> tuple[dict[str, Any], str]:
    """Play a history from its first step to its last payout run; with ``pool`` its events come as a storm.

    ``last`` is the last event before it; gives how it ended, and its own last event.
    """
    market = Market(sim, history, cast, last=last)
    market.open(word)
    rng = random.Random(history.seed)
    earlier: list[dict[str, Any]] = []
    for steps in [*history.phases, []]:
        for step in steps:
            market.do(step)
        events = market.fresh()
        if pool is None:
            in_order(events)
        else:
            late = rng.sample(earlier, min(len(earlier), 4))  # days later, once more
            as_a_storm(events, late, rng=rng, pool=pool)
            earlier += events
        market.pay_out()
    in_order(market.fresh())
    how = market.final()
    cast.on_stage(False)
    return how, market.last
