"""`manage.py check_books`: run the money invariants; exit 1 and name the rule and up to ten ids when one is broken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payouts import checks, ledger


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        found = checks.broken()
        if found:
            raise CommandError(
                "\n".join(
                    f"{rule.name} is broken: {rule.meaning} Ids: {', '.join(ids)}" for rule, ids in found
                )
            )
        sums = ", ".join(f"{total} {currency}" for currency, total in ledger.balance_sum().items())
        self.stdout.write(
            f"The books are in order: {len(checks.RULES)} rules hold; sum of all lines: {sums or 'no lines yet'}."
        )
