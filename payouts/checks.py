"""The books' invariants: SQL that must return no row (reliability.md §2)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

MOST_SHOWN = 10


@dataclass(frozen=True)
class Rule:
    """One invariant: its name, what it means, and the SQL that lists the ids that break it."""

    name: str
    meaning: str
    sql: str


RULES = [
    Rule(
        "I1",
        "The lines of every ledger transaction sum to zero per currency.",
        "SELECT transaction_id::text FROM payouts_ledgerline GROUP BY transaction_id, currency "
        "HAVING sum(amount_minor) <> 0",
    ),
    Rule(
        "I2",
        "All ledger lines together sum to zero per currency.",
        "SELECT currency FROM payouts_ledgerline GROUP BY currency HAVING sum(amount_minor) <> 0",
    ),
    Rule(
        "I3",
        "Every paid order has exactly one sale in the books, and no other order has one.",
        "SELECT o.id::text FROM buyers_order o LEFT JOIN payouts_ledgertransaction t ON t.order_id = o.id "
        "AND t.kind = 'sale' GROUP BY o.id, o.state "
        "HAVING count(t.id) <> CASE WHEN o.state IN ('paid', 'refunded') THEN 1 ELSE 0 END",
    ),
    Rule(
        "I4",
        "What came in for an order is Stripe's fee, our part and the contributors' shares, to the cent.",
        "SELECT o.id::text FROM buyers_order o JOIN payouts_ledgertransaction t ON t.order_id = o.id AND t.kind = 'sale' "
        "JOIN payouts_ledgerline l ON l.transaction_id = t.id AND l.amount_minor > 0 "
        "GROUP BY o.id, o.total_minor HAVING sum(l.amount_minor) <> o.total_minor",
    ),
    Rule(
        "I5",
        "The earnings of every transaction are what its lines owe the contributors.",
        "SELECT t.id::text FROM payouts_ledgertransaction t "
        "LEFT JOIN (SELECT l.transaction_id, -sum(l.amount_minor) AS owed FROM payouts_ledgerline l "
        "  JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'contributor' "
        "  GROUP BY l.transaction_id) x ON x.transaction_id = t.id "
        "LEFT JOIN (SELECT transaction_id, sum(amount_minor) AS earned FROM payouts_earning GROUP BY transaction_id) e "
        "  ON e.transaction_id = t.id "
        "WHERE t.kind IN ('sale', 'minute_fee') AND coalesce(x.owed, 0) <> coalesce(e.earned, 0)",
    ),
    Rule(
        "I7",
        "Nobody was sent more than they earned.",
        "SELECT a.contributor_id::text FROM payouts_ledgeraccount a JOIN payouts_ledgerline l ON l.account_id = a.id "
        "WHERE a.kind = 'contributor' GROUP BY a.contributor_id, a.currency HAVING sum(l.amount_minor) > 0",
    ),
    Rule(
        "I8",
        "No Stripe event has waited for more than 15 minutes.",
        "SELECT stripe_id FROM payouts_stripeevent WHERE handled_at IS NULL "
        "AND received_at < now() - interval '15 minutes'",
    ),
    Rule(
        "I9",
        "Every transfer that left is booked once, and its earnings add up to it.",
        "SELECT t.id::text FROM payouts_transfer t "
        "LEFT JOIN payouts_ledgertransaction b ON b.reference = 'transfer:' || t.id::text "
        "LEFT JOIN (SELECT transfer_id, sum(amount_minor) AS total FROM payouts_earning GROUP BY transfer_id) e "
        "  ON e.transfer_id = t.id "
        "WHERE (t.state IN ('sent', 'settled', 'reversed')) <> (b.id IS NOT NULL) OR coalesce(e.total, 0) <> t.amount_minor",
    ),
    Rule(
        "I10",
        "Nobody has access without a paid order.",
        "SELECT e.id::text FROM buyers_entitlement e JOIN buyers_orderline l ON l.id = e.line_id "
        "JOIN buyers_order o ON o.id = l.order_id WHERE o.state <> 'paid' AND e.revoked_at IS NULL",
    ),
]


def broken() -> list[tuple[Rule, list[str]]]:
    """Run every rule; give those that are broken with up to ten ids each."""
    found = []
    with connection.cursor() as cursor:
        for rule in RULES:
            cursor.execute(f"{rule.sql} LIMIT {MOST_SHOWN}")
            if ids := [str(row[0]) for row in cursor.fetchall()]:
                found.append((rule, ids))
    return found
