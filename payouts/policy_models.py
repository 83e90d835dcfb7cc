"""How sales are shared from which day on, and how each line that was sold really was."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from buyers.models import OrderLine
from marketplace.models import Vertical


class SplitPolicy(models.Model):
    """What contributors of one vertical get from a moment on; it never changes, a later one takes over."""

    vertical = models.CharField(max_length=10, choices=Vertical.choices)
    starts_at = models.DateTimeField()
    share_percent = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    minute_least_minor = models.PositiveIntegerField(default=0, help_text="Cents a minute at quality 0.")
    minute_most_minor = models.PositiveIntegerField(default=0, help_text="Cents a minute at quality 1.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["vertical", "-starts_at"]
        verbose_name_plural = "split policies"
        constraints = [
            models.UniqueConstraint(fields=["vertical", "starts_at"], name="policy_once_a_moment"),
            models.CheckConstraint(
                condition=models.Q(share_percent__lte=100), name="policy_shares_at_most_all"
            ),
            models.CheckConstraint(
                condition=models.Q(minute_least_minor__lte=models.F("minute_most_minor")),
                name="policy_pays_quality",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_vertical_display()} from {self.starts_at:%-d %B %Y}"

    def clean(self) -> None:
        """Refuse a policy for sales that are over."""
        if self.starts_at and self.starts_at < timezone.now():
            raise ValidationError(
                {"starts_at": "A policy starts in the future: what was sold is not changed."}
            )


class SoldLine(models.Model):
    """One order line as it was shared out: its price without tax and discounts, and the policy of that moment."""

    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="sold")
    transaction = models.ForeignKey("LedgerTransaction", on_delete=models.PROTECT, related_name="sold_lines")
    net_minor = models.PositiveBigIntegerField()
    share_percent = models.PositiveSmallIntegerField()
    pool_minor = models.PositiveBigIntegerField(help_text="Of it, the contributors' part.")

    def __str__(self) -> str:
        return f"{self.line} at {self.share_percent} %"
