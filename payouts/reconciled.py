"""What a night's comparison with Stripe found."""

from __future__ import annotations

from django.db import models


class Reconciliation(models.Model):
    """One day (UTC) and currency: what moved on our balance at Stripe, and what our books say of the same."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    movements = models.PositiveIntegerField(help_text="Stripe's balance transactions of the day.")
    stripe_minor = models.BigIntegerField()
    ours_minor = models.BigIntegerField()
    difference_minor = models.BigIntegerField(help_text="Must be 0.")
    missing = models.JSONField(
        default=list, help_text="Up to ten of Stripe's ids that the books do not have."
    )
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["-day", "currency"]
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="reconciled_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"
