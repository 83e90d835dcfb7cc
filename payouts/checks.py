"""The books' invariants: SQL that must return no row (reliability.md §2)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

MOST_SHOWN = 10
_OWED = """
  SELECT l.transaction_id, -sum(l.amount_minor) AS owed FROM payouts_ledgerline l
  JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'contributor' GROUP BY l.transaction_id"""


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
        """SELECT transaction_id::text FROM payouts_ledgerline GROUP BY transaction_id, currency
           HAVING sum(amount_minor) <> 0""",
    ),
    Rule(
        "I2",
        "All ledger lines together sum to zero per currency.",
        "SELECT currency FROM payouts_ledgerline GROUP BY currency HAVING sum(amount_minor) <> 0",
    ),
    Rule(
        "I3",
        "Every paid order has exactly one sale in the books, and no other order has one.",
        """SELECT o.id::text FROM buyers_order o
           LEFT JOIN payouts_ledgertransaction t ON t.order_id = o.id AND t.kind = 'sale'
           GROUP BY o.id, o.state
           HAVING count(t.id) <> CASE WHEN o.state IN ('pending', 'expired', 'awaiting', 'cancelled')
             THEN 0 ELSE 1 END""",
    ),
    Rule(
        "I4",
        "What was paid for an order is its lines' prices and the tax, our part and everyone's shares, to the cent.",
        """SELECT o.id::text FROM buyers_order o
           JOIN payouts_ledgertransaction t ON t.order_id = o.id AND t.kind = 'sale'
           JOIN payouts_ledgerline l ON l.transaction_id = t.id
           JOIN payouts_ledgeraccount a ON a.id = l.account_id
           LEFT JOIN (SELECT transaction_id, sum(net_minor) AS net FROM payouts_soldline GROUP BY transaction_id) p
             ON p.transaction_id = t.id
           GROUP BY o.id, o.total_minor, o.currency, p.net
           HAVING coalesce(sum(l.amount_minor) FILTER (WHERE a.kind IN ('stripe_balance', 'plan_credit')), 0)
             <> o.total_minor
             OR coalesce(p.net, 0) - coalesce(sum(l.amount_minor) FILTER (WHERE a.kind = 'tax'), 0) <> o.total_minor
             OR bool_or(l.currency <> o.currency)""",
    ),
    Rule(
        "I4b",
        "Nobody lost more of a sale than they got of it, and all that was lost is shared out.",
        """SELECT e.id::text FROM payouts_earning e JOIN payouts_earning c ON c.about_id = e.id
           GROUP BY e.id, e.amount_minor HAVING -sum(c.amount_minor) NOT BETWEEN 0 AND e.amount_minor
           UNION
           SELECT o.id::text FROM buyers_order o
           JOIN payouts_ledgertransaction t ON t.order_id = o.id AND t.kind IN ('refund', 'verdict')
           JOIN payouts_ledgerline l ON l.transaction_id = t.id
           JOIN payouts_ledgeraccount a ON a.id = l.account_id
             AND a.kind IN ('contributor', 'tax', 'platform_revenue')
           GROUP BY o.id, o.total_minor HAVING sum(l.amount_minor) NOT BETWEEN 0 AND o.total_minor
           UNION
           SELECT o.id::text FROM buyers_order o
           JOIN payouts_ledgertransaction t ON t.order_id = o.id AND t.kind IN ('dispute', 'verdict')
           JOIN payouts_ledgerline l ON l.transaction_id = t.id
           JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'disputes'
           WHERE NOT EXISTS (SELECT 1 FROM payouts_dispute d WHERE d.order_id = o.id
             AND d.status NOT IN ('won', 'lost'))
           GROUP BY o.id HAVING sum(l.amount_minor) <> 0
           UNION
           SELECT p.id::text FROM buyers_planperiod p
           JOIN payouts_ledgertransaction t ON t.period_id = p.id AND t.kind IN ('dispute', 'verdict')
           JOIN payouts_ledgerline l ON l.transaction_id = t.id
           JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'disputes'
           WHERE NOT EXISTS (SELECT 1 FROM payouts_dispute d WHERE d.period_id = p.id
             AND d.status NOT IN ('won', 'lost'))
           GROUP BY p.id HAVING sum(l.amount_minor) <> 0""",
    ),
    Rule(
        "I4c",
        "What is owed for hours of plans is what was paid and not used, used hours are the orders they went to, and "
        "what was taken back of a month is booked.",
        """SELECT coalesce(b.currency, p.currency) FROM
             (SELECT l.currency, -sum(l.amount_minor) AS owed FROM payouts_ledgerline l
              JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'plan_credit' GROUP BY 1) b
           FULL JOIN (SELECT currency, sum(net_minor - used_minor) AS unused FROM buyers_planperiod
             WHERE closed_at IS NULL GROUP BY 1) p ON p.currency = b.currency
           WHERE coalesce(b.owed, 0) <> coalesce(p.unused, 0)
           UNION
           SELECT p.id::text FROM buyers_planperiod p LEFT JOIN buyers_planuse u ON u.period_id = p.id
           GROUP BY p.id HAVING coalesce(sum(u.ms), 0) <> p.used_ms OR coalesce(sum(u.value_minor), 0) <> p.used_minor
           UNION
           SELECT o.id::text FROM buyers_order o LEFT JOIN buyers_planuse u ON u.order_id = o.id
           WHERE o.pay_by = 'plan' GROUP BY o.id HAVING coalesce(sum(u.value_minor), 0) <> o.total_minor
           UNION
           SELECT p.id::text FROM buyers_planperiod p
           JOIN payouts_ledgertransaction b ON b.period_id = p.id AND b.kind = 'plan'
           LEFT JOIN payouts_ledgertransaction t ON t.period_id = p.id AND t.kind IN ('refund', 'verdict')
           LEFT JOIN payouts_ledgerline l ON l.transaction_id = t.id AND l.account_id IN (
             SELECT id FROM payouts_ledgeraccount WHERE kind IN ('tax', 'platform_revenue', 'fx'))
           GROUP BY p.id HAVING coalesce(sum(l.amount_minor), 0) <> p.back_minor""",
    ),
    Rule(
        "I5",
        "The shares of every order line are its vertical's part of the price, and what the books owe for them.",
        f"""SELECT t.id::text FROM payouts_ledgertransaction t
            LEFT JOIN ({_OWED}) x ON x.transaction_id = t.id
            LEFT JOIN (SELECT transaction_id, sum(amount_minor) AS earned FROM payouts_earning
                       GROUP BY transaction_id) e ON e.transaction_id = t.id
            WHERE t.kind IN ('sale', 'minute_fee', 'refund', 'verdict')
              AND coalesce(x.owed, 0) <> coalesce(e.earned, 0)
            UNION
            SELECT s.transaction_id::text FROM payouts_soldline s
            LEFT JOIN payouts_earning e ON e.line_id = s.line_id AND e.transaction_id = s.transaction_id
            GROUP BY s.id, s.transaction_id, s.net_minor, s.share_percent, s.pool_minor
            HAVING coalesce(sum(e.amount_minor), 0) <> s.pool_minor
              OR s.pool_minor NOT IN (0, round(s.net_minor * s.share_percent / 100.0),
                round(s.net_minor * s.share_percent / 1000.0) * 10)""",  # noqa: S608
    ),
    Rule(
        "I6",
        "The ledger's guards are in force: lines balance at commit, nothing is changed or deleted.",
        """SELECT wanted FROM unnest(ARRAY['ledger_line_balances', 'ledger_transaction_balances',
             'ledger_line_append_only', 'ledger_transaction_append_only']) AS wanted
           WHERE NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = wanted AND tgenabled IN ('O', 'A'))""",
    ),
    Rule(
        "I7",
        "Nobody was sent more than earned, and (but for corrections) the books owe what was earned and not sent.",
        """WITH owed AS (
             SELECT a.contributor_id AS who, a.currency, -sum(l.amount_minor) AS total FROM payouts_ledgeraccount a
             JOIN payouts_ledgerline l ON l.account_id = a.id
             JOIN payouts_ledgertransaction t ON t.id = l.transaction_id AND t.kind <> 'correction'
             WHERE a.kind = 'contributor' GROUP BY 1, 2),
           earned AS (
             SELECT contributor_id AS who, currency, sum(amount_minor) AS total,
               sum(amount_minor) FILTER (WHERE about_id IS NULL) AS ever FROM payouts_earning GROUP BY 1, 2),
           sent AS (
             SELECT contributor_id AS who, currency, sum(amount_minor - reversed_minor) AS total
             FROM payouts_transfer WHERE state IN ('sent', 'settled', 'reversed') GROUP BY 1, 2)
           SELECT who::text FROM owed FULL JOIN earned USING (who, currency) FULL JOIN sent USING (who, currency)
           WHERE coalesce(owed.total, 0) <> coalesce(earned.total, 0) - coalesce(sent.total, 0)
             OR coalesce(sent.total, 0) > coalesce(earned.ever, 0)""",
    ),
    Rule(
        "I8",
        "No Stripe event has waited for more than 15 minutes.",
        """SELECT stripe_id FROM payouts_stripeevent
           WHERE handled_at IS NULL AND received_at < now() - interval '15 minutes'""",
    ),
    Rule(
        "I9",
        "Every transfer that left is booked once, with what came back, and its earnings add up to it.",
        """SELECT t.id::text FROM payouts_transfer t
           LEFT JOIN payouts_ledgertransaction b ON b.reference = 'transfer:' || t.id::text
           LEFT JOIN payouts_ledgerline l ON l.transaction_id = b.id AND l.amount_minor > 0
           LEFT JOIN (SELECT transfer_id, sum(amount_minor) AS total FROM payouts_earning GROUP BY transfer_id) e
             ON e.transfer_id = t.id
           WHERE (t.state IN ('sent', 'settled', 'reversed')) <> (b.id IS NOT NULL)
             OR (b.id IS NOT NULL AND l.amount_minor IS DISTINCT FROM t.amount_minor)
             OR coalesce(e.total, 0) <> CASE WHEN t.released_at IS NULL THEN t.amount_minor ELSE 0 END
           UNION
           SELECT a.contributor_id::text FROM payouts_ledgertransaction b
           JOIN payouts_ledgerline l ON l.transaction_id = b.id
           JOIN payouts_ledgeraccount a ON a.id = l.account_id AND a.kind = 'contributor'
           WHERE b.kind = 'reversal' GROUP BY a.contributor_id, l.currency
           HAVING -sum(l.amount_minor) IS DISTINCT FROM (SELECT sum(t.reversed_minor) FROM payouts_transfer t
             WHERE t.contributor_id = a.contributor_id AND t.currency = l.currency)""",
    ),
    Rule(
        "I9b",
        "Of no day that was compared with Stripe a difference is left.",
        "SELECT day || ' ' || currency FROM payouts_reconciliation WHERE difference_minor <> 0 ORDER BY day DESC",
    ),
    Rule(
        "I10",
        "Nobody has access without a paid order, nor with hours of a month that was taken back.",
        """SELECT e.id::text FROM buyers_entitlement e JOIN buyers_orderline l ON l.id = e.line_id
           JOIN buyers_order o ON o.id = l.order_id WHERE o.state <> 'paid' AND e.revoked_at IS NULL
           UNION
           SELECT e.id::text FROM buyers_entitlement e JOIN buyers_orderline l ON l.id = e.line_id
           JOIN buyers_planuse u ON u.order_id = l.order_id JOIN buyers_planperiod p ON p.id = u.period_id
           WHERE p.standing <> 'paid' AND e.revoked_at IS NULL
           UNION
           SELECT id::text FROM buyers_planperiod WHERE (standing <> 'paid') <> (revoked_at IS NOT NULL)""",
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
