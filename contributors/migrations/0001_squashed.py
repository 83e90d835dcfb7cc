"""Every table as it was when nobody had any data yet; `replaces` is for databases that were made step by step."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("contributors", "0001_initial"),
        ("contributors", "0002_initial"),
        ("contributors", "0005_upload_parts_and_letters"),
        ("contributors", "0006_tags_private_places"),
    ]

    initial = True

    dependencies = [
        ("marketplace", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("store", "Store and process"),
                            ("sell", "Sell for training"),
                            ("people", "People in the picture"),
                            ("research", "Research"),
                            ("showcase", "Show as a preview"),
                        ],
                        max_length=16,
                    ),
                ),
                ("version", models.CharField(max_length=16)),
                ("language", models.CharField(default="en", max_length=8)),
                ("text", models.TextField()),
                ("sha256", models.CharField(editable=False, max_length=64, unique=True)),
                ("required", models.BooleanField(help_text="Nothing is stored without it.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-required", "purpose"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("purpose", "version", "language"), name="consent_text_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("text_sha256", models.CharField(max_length=64)),
                ("given", models.BooleanField(help_text="False: withdrawn at this time.")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "address_prefix",
                    models.CharField(help_text="/24 of IPv4, /48 of IPv6; never the whole.", max_length=64),
                ),
                ("agent", models.CharField(max_length=300)),
                (
                    "how",
                    models.CharField(
                        help_text="Which screen, and that the box was not pre-ticked.", max_length=100
                    ),
                ),
                (
                    "footage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="marketplace.footage",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="contributors.consenttext"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["footage", "-at"], name="contributor_footage_f7e099_idx")],
            },
        ),
        migrations.CreateModel(
            name="ContributorProfile",
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
                        choices=[("driver", "I drive"), ("athlete", "I do sports")], max_length=8
                    ),
                ),
                ("display_name", models.CharField(max_length=80)),
                ("country", models.CharField(help_text="Where you live (ISO 3166-1 alpha-2).", max_length=2)),
                ("is_adult", models.BooleanField(help_text="They said that they are 18 or older.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "trip_trim_m",
                    models.PositiveIntegerField(
                        default=300, help_text="Metres around the start and end of a trip that nobody sees."
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributor_profile",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=24)),
                ("sent_at", models.DateTimeField(auto_now_add=True)),
                (
                    "footage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="letters",
                        to="marketplace.footage",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("footage", "state"), name="letter_once_per_footage_and_state"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivateZone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("latitude", models.FloatField()),
                ("longitude", models.FloatField()),
                ("radius_m", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="private_zones",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__gte", -90),
                            ("latitude__lte", 90),
                            ("longitude__gte", -180),
                            ("longitude__lte", 180),
                        ),
                        name="private_zone_on_earth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("radius_m__gte", 50), ("radius_m__lte", 5000)),
                        name="private_zone_50_to_5000_m",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TelemetryFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("key", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.PositiveIntegerField()),
                ("fixes", models.PositiveIntegerField()),
                (
                    "clock_offset_s",
                    models.FloatField(default=0, help_text="To add to the clock of the telemetry."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "footage",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="telemetry_file",
                        to="marketplace.footage",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UploadPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1, as object storage counts.")),
                ("sha256", models.CharField(help_text="Of the part's bytes, base64.", max_length=44)),
                (
                    "signed_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When its address was last asked for."
                    ),
                ),
                (
                    "footage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="marketplace.footage",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("footage", "number"), name="upload_part_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 10000)),
                        name="upload_part_1_to_10000",
                    ),
                ],
            },
        ),
    ]
