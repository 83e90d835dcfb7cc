"""Every table as it was when nobody had any data yet; `replaces` is for databases that were made step by step."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("pipeline", "0001_initial"),
        ("pipeline", "0002_webengine_segments_and_boxes"),
        ("pipeline", "0003_packages_frame_prints"),
        ("pipeline", "0004_packages_middles"),
    ]

    initial = True

    dependencies = [
        ("marketplace", "0001_squashed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("process", "Process a footage"),
                            ("publish", "Publish a package version"),
                            ("cover", "Cover a footage again"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker."),
                            ("running", "Running."),
                            ("done", "Done."),
                            ("refused", "The input cannot be used."),
                            ("failed", "Failed after every attempt."),
                            ("cancelled", "Cancelled."),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("max_attempts", models.PositiveIntegerField(default=3)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "lease_token",
                    models.UUIDField(
                        help_text="Whoever holds it may write; a lapsed holder may not.", null=True
                    ),
                ),
                ("worker", models.CharField(blank=True, max_length=120)),
                ("step", models.CharField(blank=True, max_length=32)),
                ("progress", models.FloatField(default=0, help_text="Of the step, 0 to 1.")),
                (
                    "left_s",
                    models.FloatField(
                        help_text="Seconds of work left, measured; empty while unknown.", null=True
                    ),
                ),
                ("timing", models.JSONField(default=dict, help_text="Seconds by finished step.")),
                (
                    "plan",
                    models.TextField(
                        blank=True, help_text="How long footage is split, in the engine's own words."
                    ),
                ),
                (
                    "ask",
                    models.JSONField(default=dict, help_text="Cover again: the options that were asked for."),
                ),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "footage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="marketplace.footage",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["state", "not_before"], name="pipeline_jo_state_cc337c_idx"),
                    models.Index(fields=["state", "lease_until"], name="pipeline_jo_state_16abd4_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("footage__isnull", False), ("state__in", ["queued", "running"])),
                        fields=("footage",),
                        name="job_one_live_per_footage",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"]), ("version__isnull", False)),
                        fields=("version",),
                        name="job_one_live_per_version",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ManualBox",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("x", models.FloatField(help_text="Left edge, 0 to 1 of the picture's width.")),
                ("y", models.FloatField()),
                ("w", models.FloatField()),
                ("h", models.FloatField()),
                ("start_ms", models.BigIntegerField(help_text="From the start of the footage.")),
                ("end_ms", models.BigIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "applied_at",
                    models.DateTimeField(help_text="When a job last finished that covered it.", null=True),
                ),
                (
                    "drawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "footage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="manual_boxes",
                        to="marketplace.footage",
                    ),
                ),
                (
                    "removed_in",
                    models.ForeignKey(
                        help_text="The job that uncovers it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pipeline.job",
                    ),
                ),
            ],
            options={
                "ordering": ["start_ms", "created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("x__gte", 0),
                            ("y__gte", 0),
                            ("w__gt", 0),
                            ("h__gt", 0),
                            ("x__lt", 1),
                            ("y__lt", 1),
                        ),
                        name="manual_box_in_picture",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gt", models.F("start_ms")), ("start_ms__gte", 0)),
                        name="manual_box_has_length",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveIntegerField()),
                ("seconds", models.FloatField(help_text="Of footage, to weigh its progress.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker."),
                            ("running", "Running."),
                            ("done", "Done."),
                            ("refused", "The input cannot be used."),
                            ("failed", "Failed after every attempt."),
                            ("cancelled", "Cancelled."),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("max_attempts", models.PositiveIntegerField(default=3)),
                ("not_before", models.DateTimeField(default=django.utils.timezone.now)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(null=True)),
                ("worker", models.CharField(blank=True, max_length=120)),
                ("progress", models.FloatField(default=0)),
                ("reason", models.TextField(blank=True)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="Its finished files in one archive.", max_length=255
                    ),
                ),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="segments",
                        to="pipeline.job",
                    ),
                ),
            ],
            options={
                "ordering": ["job", "position"],
                "indexes": [
                    models.Index(fields=["state", "not_before"], name="pipeline_se_state_4632cb_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "position"), name="segment_once_per_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="Artefact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bucket", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.BigIntegerField()),
                ("media_type", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        help_text="original, redacted, clip, preview, poster, report …", max_length=32
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "footage",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="artefacts",
                        to="marketplace.footage",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["sha256"], name="pipeline_ar_sha256_4f10cd_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("bucket", "key"), name="artefact_once_per_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="FramePrint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("bits", models.BigIntegerField()),
                ("mirrored", models.BigIntegerField()),
                ("middle", models.BooleanField(default=False)),
                ("quarter0", models.IntegerField(db_index=True)),
                ("quarter1", models.IntegerField(db_index=True)),
                ("quarter2", models.IntegerField(db_index=True)),
                ("quarter3", models.IntegerField(db_index=True)),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prints",
                        to="marketplace.clip",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("clip", "number"), name="frame_print_once")],
            },
        ),
    ]
