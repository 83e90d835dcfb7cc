"""Every table as it was when nobody had any data yet; `replaces` is for databases that were made step by step."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("payouts", "0001_initial"),
        ("payouts", "0003_fees_reversals_and_waiting_events"),
        ("payouts", "0004_transfer_words"),
        ("payouts", "0005_balances_by_index"),
        ("payouts", "0006_money_claims"),
        ("payouts", "0007_tax_profiles"),
        ("payouts", "0008_checkout_plans"),
        ("payouts", "0009_money_plan_claims"),
    ]

    initial = True

    dependencies = [
        ("buyers", "0001_squashed"),
        ("marketplace", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConnectAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stripe_id", models.CharField(max_length=255, unique=True)),
                ("transfers_active", models.BooleanField(default=False)),
                ("requirements", models.JSONField(default=list, help_text="What Stripe still asks for.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("refreshed_at", models.DateTimeField(null=True)),
                (
                    "contributor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="connect_account",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stripe_balance", "Our balance at Stripe (asset)"),
                            ("stripe_fees", "Stripe's fees (expense)"),
                            ("platform_revenue", "Platform revenue (income)"),
                            ("minute_fees", "Per-minute fees to drivers (expense)"),
                            ("contributor", "Owed to a contributor (liability)"),
                            ("disputes", "Held by disputes (asset)"),
                            ("tax", "Tax collected for the state (liability)"),
                            ("fx", "Taken beyond what was paid, as rates moved (expense)"),
                            ("exchange", "Currencies exchanged (clearing)"),
                            ("bank", "Our bank (asset)"),
                            ("unclaimed", "Payments to be given back (liability)"),
                            ("plan_credit", "Plan hours that are paid and not used yet (liability)"),
                        ],
                        max_length=24,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "contributor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "contributor", "currency"), name="account_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contributor__isnull", False), ("kind", "contributor")),
                            models.Q(
                                models.Q(("kind", "contributor"), _negated=True),
                                ("contributor__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="account_contributor_only_for_contributors",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerTransaction",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sale", "Sale"),
                            ("stripe_fee", "Stripe's fee"),
                            ("minute_fee", "Per-minute fee"),
                            ("transfer", "Transfer to a contributor"),
                            ("reversal", "Transfer taken back"),
                            ("refund", "Refund"),
                            ("dispute", "Money held or released by a dispute"),
                            ("verdict", "Dispute decided"),
                            ("exchange", "Currency exchanged"),
                            ("plan", "A plan's month paid"),
                            ("plan_unused", "Plan hours that ran out"),
                            ("bank", "To or from our bank"),
                            ("unclaimed", "Payment to be given back"),
                            ("correction", "Correction"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reference", models.CharField(max_length=100, unique=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("memo", models.CharField(max_length=300)),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_transactions",
                        to="buyers.order",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_transactions",
                        to="buyers.planperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.CreateModel(
            name="LedgerLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payouts.ledgeraccount",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payouts.ledgertransaction",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["account"], include=("amount_minor", "currency"), name="line_balance"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True), name="line_moves_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "movements",
                    models.PositiveIntegerField(help_text="Stripe's balance transactions of the day."),
                ),
                ("stripe_minor", models.BigIntegerField()),
                ("ours_minor", models.BigIntegerField()),
                ("difference_minor", models.BigIntegerField(help_text="Must be 0.")),
                (
                    "missing",
                    models.JSONField(
                        default=list, help_text="Up to ten of Stripe's ids that the books do not have."
                    ),
                ),
                ("checked_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-day", "currency"],
                "constraints": [
                    models.UniqueConstraint(fields=("day", "currency"), name="reconciled_once_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("amount_minor", models.PositiveBigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "reason",
                    models.CharField(
                        help_text="In our words, for the books and the contributors.", max_length=300
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked for: Stripe has not confirmed it yet."),
                            ("done", "Done: the money is on its way to the buyer."),
                            ("refused", "Refused by Stripe, for the reason below."),
                            ("failed", "Failed: the buyer's bank sent the money back to us."),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="Why Stripe refused it.")),
                ("stripe_id", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="buyers.order",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="buyers.planperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="refund_gives_something"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="refund_once_at_stripe",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("order__isnull", False), ("period__isnull", True)),
                            models.Q(("order__isnull", True), ("period__isnull", False)),
                            _connector="OR",
                        ),
                        name="refund_of_order_or_month",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SoldLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("net_minor", models.PositiveBigIntegerField()),
                ("share_percent", models.PositiveSmallIntegerField()),
                ("pool_minor", models.PositiveBigIntegerField(help_text="Of it, the contributors' part.")),
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sold",
                        to="buyers.orderline",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sold_lines",
                        to="payouts.ledgertransaction",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SplitPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vertical",
                    models.CharField(choices=[("driving", "Driving"), ("sports", "Sports")], max_length=10),
                ),
                ("starts_at", models.DateTimeField()),
                (
                    "share_percent",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(100)]
                    ),
                ),
                (
                    "minute_least_minor",
                    models.PositiveIntegerField(default=0, help_text="Cents a minute at quality 0."),
                ),
                (
                    "minute_most_minor",
                    models.PositiveIntegerField(default=0, help_text="Cents a minute at quality 1."),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "split policies",
                "ordering": ["vertical", "-starts_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("vertical", "starts_at"), name="policy_once_a_moment"),
                    models.CheckConstraint(
                        condition=models.Q(("share_percent__lte", 100)), name="policy_shares_at_most_all"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minute_least_minor__lte", models.F("minute_most_minor"))),
                        name="policy_pays_quality",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stripe_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(db_index=True, max_length=100)),
                (
                    "account",
                    models.CharField(
                        blank=True, help_text="The connected account, if it is one's.", max_length=255
                    ),
                ),
                ("payload", models.JSONField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("handled_at", models.DateTimeField(db_index=True, null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "try_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="While it waits: not before this time."
                    ),
                ),
                ("note", models.TextField(blank=True, help_text="What was done, or why it waits.")),
            ],
            options={
                "ordering": ["received_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("handled_at", None)),
                        fields=["try_at"],
                        name="stripe_event_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "I am a person"), ("company", "I film for a company")],
                        default="person",
                        max_length=8,
                    ),
                ),
                ("legal_name", models.CharField(max_length=150, verbose_name="Full legal name")),
                ("birth_date", models.DateField(blank=True, null=True, verbose_name="Date of birth")),
                ("line1", models.CharField(max_length=150, verbose_name="Street and number")),
                ("postal_code", models.CharField(blank=True, max_length=20, verbose_name="Postal code")),
                ("city", models.CharField(max_length=100, verbose_name="City")),
                ("country", models.CharField(max_length=2, verbose_name="Country of residence for tax")),
                ("tax_number", models.CharField(max_length=40, verbose_name="Tax identification number")),
                (
                    "registration",
                    models.CharField(blank=True, max_length=60, verbose_name="Company register number"),
                ),
                ("vat_id", models.CharField(blank=True, max_length=30, verbose_name="VAT number")),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "contributor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_profile",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "Due: it leaves with the next payout run."),
                            ("sent", "Sent: on its way to your Stripe account."),
                            ("settled", "Arrived: it is in your Stripe account."),
                            ("failed", "Failed: it did not go through, for the reason below."),
                            ("reversed", "Taken back: it is kept for you. Write to us."),
                        ],
                        default="due",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("amount_minor", models.PositiveBigIntegerField()),
                (
                    "reversed_minor",
                    models.PositiveBigIntegerField(default=0, help_text="Of it, what came back."),
                ),
                ("currency", models.CharField(max_length=3)),
                ("stripe_id", models.CharField(blank=True, db_index=True, max_length=255)),
                ("reason", models.TextField(blank=True, help_text="Why it failed, for the contributor.")),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="How often Stripe clearly refused it."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "released_at",
                    models.DateTimeField(help_text="Taken back as a whole, its earnings went on.", null=True),
                ),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="transfer_moves_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reversed_minor__lte", models.F("amount_minor"))),
                        name="transfer_back_at_most_all",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="transfer_once_at_stripe",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Earning",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "formula",
                    models.CharField(
                        help_text="How it was worked out, in words and figures.", max_length=300
                    ),
                ),
                ("earned_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("available_on", models.DateTimeField()),
                (
                    "about",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="payouts.earning",
                    ),
                ),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to="marketplace.clip",
                    ),
                ),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to="buyers.orderline",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to="payouts.ledgertransaction",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to="payouts.transfer",
                    ),
                ),
            ],
            options={
                "ordering": ["-earned_at"],
                "indexes": [
                    models.Index(fields=["contributor", "-earned_at"], name="payouts_ear_contrib_7a21d9_idx"),
                    models.Index(fields=["available_on"], name="payouts_ear_availab_de65ed_idx"),
                    models.Index(
                        condition=models.Q(("transfer", None)),
                        fields=["contributor", "available_on"],
                        include=("amount_minor", "currency"),
                        name="earning_not_sent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("transaction", "clip", "line"), name="earning_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stripe_id", models.CharField(max_length=255, unique=True)),
                (
                    "amount_minor",
                    models.PositiveBigIntegerField(help_text="It can be more than was paid, as rates move."),
                ),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(max_length=100)),
                ("status", models.CharField(db_index=True, max_length=40)),
                ("opened_at", models.DateTimeField()),
                ("answer_by", models.DateTimeField(null=True)),
                ("evidence_sent_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="buyers.order",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="buyers.planperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("order__isnull", False), ("period__isnull", True)),
                            models.Q(("order__isnull", True), ("period__isnull", False)),
                            _connector="OR",
                        ),
                        name="dispute_of_order_or_month",
                    )
                ],
            },
        ),
    ]
