"""Every table as it was when nobody had any data yet; `replaces` is for databases that were made step by step."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("buyers", "0001_initial"),
        ("buyers", "0002_initial"),
        ("buyers", "0003_organisation_name_taken"),
        ("buyers", "0004_cart_remembers_the_price"),
        ("buyers", "0005_money_claims"),
        ("buyers", "0006_checkout_size_tax_documents"),
        ("buyers", "0008_packages_withdrawal_notice"),
        ("buyers", "0009_checkout_plans"),
        ("buyers", "0010_checkout_api_keys"),
        ("buyers", "0011_money_plan_claims"),
        ("buyers", "0012_money_plan_codes"),
    ]

    initial = True

    dependencies = [
        ("marketplace", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentSeries",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=120)),
                ("country", models.CharField(max_length=2)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="organisation_name_once",
                        violation_error_message="An organisation with this name is here already. Ask one of its owners to invite you, or choose another name.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=60)),
                ("start", models.CharField(max_length=12)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read", "Read: find packages, see access and usage"),
                                ("download", "Download: get files of what your organisation has"),
                                ("take", "Take: use hours of your plan"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "last_used_from",
                    models.CharField(blank=True, help_text="Network part of the address.", max_length=64),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_keys",
                        to="buyers.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)),
                        fields=("organisation", "name"),
                        name="api_key_name_once",
                        violation_error_message="Your organisation has a key with this name. Choose another one.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("address_prefix", models.CharField(max_length=64)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        help_text="In how many minutes of the day it was used, about."
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="buyers.apikey"
                    ),
                ),
            ],
            options={
                "ordering": ["day", "first_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "day", "address_prefix"), name="api_day_once_per_network"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingDetails",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="Name on the invoice")),
                ("line1", models.CharField(max_length=150, verbose_name="Street and number")),
                ("line2", models.CharField(blank=True, max_length=150, verbose_name="Second line")),
                ("postal_code", models.CharField(blank=True, max_length=20, verbose_name="Postal code")),
                ("city", models.CharField(max_length=100, verbose_name="City")),
                ("region", models.CharField(blank=True, max_length=100, verbose_name="State or region")),
                ("country", models.CharField(max_length=2)),
                ("vat_id", models.CharField(blank=True, max_length=30, verbose_name="VAT or tax number")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="E-mail for invoices")),
                ("stripe_customer", models.CharField(blank=True, max_length=255)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing",
                        to="buyers.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CartCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64)),
                ("stripe_id", models.CharField(max_length=255)),
                ("percent_off", models.DecimalField(decimal_places=3, max_digits=6, null=True)),
                ("amount_off", models.PositiveBigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("minimum_minor", models.PositiveBigIntegerField(default=0)),
                ("minimum_currency", models.CharField(blank=True, max_length=3)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cart_code",
                        to="buyers.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CartItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "price_minor",
                    models.PositiveBigIntegerField(help_text="What it cost when somebody last agreed to it."),
                ),
                (
                    "size",
                    models.CharField(
                        choices=[
                            ("team5", "Team of 5"),
                            ("team10", "Team of 10"),
                            ("team15", "Team of 15"),
                            ("organisation", "Whole organisation"),
                        ],
                        default="team5",
                        max_length=16,
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="marketplace.package",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cart_items",
                        to="buyers.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["added_at"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "package"), name="cart_once_per_package")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("code_sha256", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="buyers.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner: buys, downloads and manages members"),
                            ("member", "Member: buys and downloads"),
                        ],
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="membership",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="buyers.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "form_token",
                    models.UUIDField(
                        help_text="Made by the cart page: a second submit finds the first order."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for the payment to arrive."),
                            ("awaiting", "Awaiting payment: the invoice says how to transfer the money."),
                            ("paid", "Paid: the downloads are open."),
                            ("expired", "Not paid in time: nothing was charged."),
                            ("cancelled", "Cancelled: there is nothing to pay."),
                            ("refunded", "Refunded: the downloads are closed."),
                            (
                                "disputed",
                                "In dispute at the bank: the downloads are closed until it decides.",
                            ),
                            ("charged_back", "Taken back by the bank: the downloads are closed."),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("currency", models.CharField(default="usd", max_length=3)),
                (
                    "pay_by",
                    models.CharField(
                        choices=[
                            ("card", "By card, now"),
                            ("transfer", "By bank transfer, on an invoice"),
                            ("plan", "With hours of the plan"),
                        ],
                        default="card",
                        max_length=8,
                    ),
                ),
                ("total_minor", models.PositiveBigIntegerField(help_text="With tax: what is paid.")),
                ("tax_minor", models.PositiveBigIntegerField(default=0)),
                (
                    "tax_reason",
                    models.CharField(
                        blank=True, help_text="Stripe's word, e.g. reverse_charge.", max_length=40
                    ),
                ),
                ("discount_minor", models.PositiveBigIntegerField(default=0)),
                ("promotion_code", models.CharField(blank=True, max_length=64)),
                ("promotion_stripe_id", models.CharField(blank=True, max_length=255)),
                (
                    "purchase_order",
                    models.CharField(blank=True, help_text="The buyer's own number.", max_length=60),
                ),
                ("due_at", models.DateTimeField(blank=True, help_text="Of a bank transfer.", null=True)),
                ("stripe_invoice_id", models.CharField(blank=True, db_index=True, max_length=255)),
                (
                    "invoice_url",
                    models.URLField(
                        blank=True, help_text="Where Stripe says how to pay it.", max_length=2000
                    ),
                ),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("stripe_session_id", models.CharField(blank=True, db_index=True, max_length=255)),
                ("stripe_payment_intent", models.CharField(blank=True, db_index=True, max_length=255)),
                ("stripe_charge", models.CharField(blank=True, max_length=255)),
                ("checkout_url", models.URLField(blank=True, max_length=2000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                (
                    "placed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="buyers.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "form_token"), name="order_once_per_form"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total_minor__gt", 0)), name="order_costs_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("receipt", "Receipt"),
                            ("credit_note", "Credit note"),
                        ],
                        max_length=16,
                    ),
                ),
                ("series", models.CharField(max_length=16)),
                ("number", models.PositiveIntegerField()),
                ("reference", models.CharField(max_length=120, unique=True)),
                ("issued_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("currency", models.CharField(max_length=3)),
                ("total_minor", models.BigIntegerField()),
                ("data", models.JSONField(help_text="Seller, buyer, lines, tax and sentences, frozen.")),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="buyers.order",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="buyers.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["issued_at", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("series", "number"), name="document_number_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LicenceAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text_sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("address_prefix", models.CharField(max_length=64)),
                ("agent", models.CharField(max_length=300)),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="marketplace.licenceterms"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="buyers.order",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "terms"), name="acceptance_once_per_text")
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "size",
                    models.CharField(
                        choices=[
                            ("team5", "Team of 5"),
                            ("team10", "Team of 10"),
                            ("team15", "Team of 15"),
                            ("organisation", "Whole organisation"),
                        ],
                        default="team5",
                        max_length=16,
                    ),
                ),
                ("price_minor", models.PositiveBigIntegerField()),
                ("discount_minor", models.PositiveBigIntegerField(default=0)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="buyers.order"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("order", "version"), name="line_once_per_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="Entitlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seats",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many people download; empty: everyone of the organisation.",
                        null=True,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlements",
                        to="marketplace.packageversion",
                    ),
                ),
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlement",
                        to="buyers.orderline",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entitlements",
                        to="buyers.organisation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Download",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=255)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("address_prefix", models.CharField(max_length=64)),
                (
                    "key",
                    models.ForeignKey(
                        help_text="By API: with which key.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="buyers.apikey",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="downloads",
                        to="buyers.entitlement",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["entitlement", "-at"], name="buyers_down_entitle_b1c4a6_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("taken_at", models.DateTimeField(auto_now_add=True)),
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats_taken",
                        to="buyers.entitlement",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("entitlement", "user"), name="seat_once_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("opening", "Not paid yet: nothing was charged."),
                            ("active", "Active: the month is paid."),
                            (
                                "past_due",
                                "Payment failed: the card was declined. Hours that are paid stay until their month ends.",
                            ),
                            ("ended", "Ended: nothing is charged any more."),
                            ("abandoned", "Not taken: nothing was charged."),
                        ],
                        default="opening",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("plan", models.SlugField(help_text="What the next invoice is for.", max_length=20)),
                ("price_minor", models.PositiveBigIntegerField()),
                ("currency", models.CharField(default="usd", max_length=3)),
                ("promotion_code", models.CharField(blank=True, max_length=64)),
                ("promotion_stripe_id", models.CharField(blank=True, max_length=255)),
                ("percent_off", models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True)),
                ("amount_off", models.PositiveBigIntegerField(blank=True, null=True)),
                ("renews_at", models.DateTimeField(blank=True, null=True)),
                ("ends_with_period", models.BooleanField(default=False)),
                ("stripe_id", models.CharField(blank=True, db_index=True, max_length=255)),
                ("stripe_customer", models.CharField(blank=True, max_length=255)),
                ("stripe_session_id", models.CharField(blank=True, max_length=255)),
                ("checkout_url", models.URLField(blank=True, max_length=2000)),
                (
                    "unpaid_invoice",
                    models.CharField(blank=True, help_text="Of a card that was declined.", max_length=255),
                ),
                ("unpaid_url", models.URLField(blank=True, max_length=2000)),
                ("try_again_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="buyers.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["opening", "active", "past_due"])),
                        fields=("organisation",),
                        name="subscription_one_at_a_time",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="subscription_once_at_stripe",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan", models.SlugField(max_length=20)),
                ("text", models.TextField(help_text="As it stood on the page, with price and hours.")),
                ("text_sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("address_prefix", models.CharField(blank=True, max_length=64)),
                ("agent", models.CharField(blank=True, max_length=300)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="buyers.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.CreateModel(
            name="PlanPeriod",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("plan", models.SlugField(max_length=20)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("included_ms", models.PositiveBigIntegerField()),
                ("used_ms", models.PositiveBigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                (
                    "net_minor",
                    models.PositiveBigIntegerField(help_text="What was paid for the hours, without tax."),
                ),
                ("tax_minor", models.PositiveBigIntegerField(default=0)),
                (
                    "used_minor",
                    models.PositiveBigIntegerField(default=0, help_text="Of it, what the used hours cost."),
                ),
                (
                    "back_minor",
                    models.BigIntegerField(default=0, help_text="With tax: refunded, or lost in a dispute."),
                ),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for the payment to arrive."),
                            ("awaiting", "Awaiting payment: the invoice says how to transfer the money."),
                            ("paid", "Paid: the downloads are open."),
                            ("expired", "Not paid in time: nothing was charged."),
                            ("cancelled", "Cancelled: there is nothing to pay."),
                            ("refunded", "Refunded: the downloads are closed."),
                            (
                                "disputed",
                                "In dispute at the bank: the downloads are closed until it decides.",
                            ),
                            ("charged_back", "Taken back by the bank: the downloads are closed."),
                        ],
                        default="paid",
                        help_text="Where its payment stands.",
                        max_length=16,
                    ),
                ),
                (
                    "revoked_at",
                    models.DateTimeField(blank=True, help_text="Refunded or in dispute.", null=True),
                ),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, help_text="What was not used became revenue.", null=True
                    ),
                ),
                ("stripe_invoice_id", models.CharField(max_length=255, unique=True)),
                ("stripe_charge", models.CharField(db_index=True, max_length=255)),
                ("paid_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_periods",
                        to="buyers.organisation",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="buyers.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ["-starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_ms__lte", models.F("included_ms")),
                            ("used_minor__lte", models.F("net_minor")),
                        ),
                        name="plan_period_not_overdrawn",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ms", models.PositiveBigIntegerField()),
                ("value_minor", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_uses",
                        to="buyers.order",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="buyers.planperiod",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [models.UniqueConstraint(fields=("period", "order"), name="plan_use_once")],
            },
        ),
        migrations.CreateModel(
            name="WithdrawalNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sent_at", models.DateTimeField(auto_now_add=True)),
                (
                    "entitlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="withdrawal_notices",
                        to="buyers.entitlement",
                    ),
                ),
                (
                    "tombstone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="marketplace.tombstone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("entitlement", "tombstone"), name="withdrawal_told_once")
                ],
            },
        ),
    ]
