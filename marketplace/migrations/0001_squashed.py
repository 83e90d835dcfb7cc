"""Every table as it was when nobody had any data yet; `replaces` is for databases that were made step by step."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("marketplace", "0001_initial"),
        ("marketplace", "0004_footage_showcase"),
        ("marketplace", "0005_webengine_options"),
        ("marketplace", "0006_packages_versions_and_tombstones"),
        ("marketplace", "0007_tags_stopped_and_counts"),
        ("marketplace", "0008_packages_object_key"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="LicenceTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=32, unique=True)),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField()),
                ("sha256", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "licence terms",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                (
                    "first_door",
                    models.CharField(
                        blank=True,
                        choices=[("film", "I film"), ("buy", "I train models")],
                        help_text="Which door they came in by.",
                        max_length=8,
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="user_email_once_whatever_its_case",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("verb", models.CharField(db_index=True, max_length=64)),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.CharField(max_length=64)),
                ("data", models.JSONField(default=dict)),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id"], name="marketplace_subject_13f2b7_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="Footage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "vertical",
                    models.CharField(choices=[("driving", "Driving"), ("sports", "Sports")], max_length=8),
                ),
                (
                    "discipline",
                    models.CharField(blank=True, help_text="Sports only: which sport.", max_length=32),
                ),
                ("title", models.CharField(max_length=120)),
                ("country", models.CharField(help_text="ISO 3166-1 alpha-2 code.", max_length=2)),
                (
                    "place",
                    models.CharField(
                        blank=True, help_text="City or region; never an address.", max_length=120
                    ),
                ),
                ("recorded_on", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            (
                                "uploading",
                                "Uploading: keep this tab open, or come back and pick the same file to go on.",
                            ),
                            ("queued", "Uploaded and checked: waiting for a worker."),
                            ("processing", "Working: hiding faces and plates, finding poses and scenarios."),
                            (
                                "contributor_review",
                                "Waiting for you: look at the hidden faces and plates, then submit.",
                            ),
                            ("in_moderation", "With our moderators: nothing for you to do."),
                            ("decided", "Decided: every clip has an answer."),
                            ("refused", "Not usable: the reason is below."),
                            (
                                "failed",
                                "Our fault: processing failed. The upload is safe and we have been told.",
                            ),
                            ("stopped", "Stopped: the upload is safe. Start the work again, or withdraw it."),
                            (
                                "abandoned",
                                "Upload stopped: nothing is stored. Start again whenever you like.",
                            ),
                            ("withdrawn", "Withdrawn by you: nobody can see, buy or download it."),
                        ],
                        default="uploading",
                        max_length=24,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "reason",
                    models.TextField(
                        blank=True, help_text="The sentence for the person when it is refused or failed."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("file_name", models.CharField(max_length=255)),
                ("size_bytes", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=100)),
                (
                    "sha256",
                    models.CharField(blank=True, help_text="Of the whole file, hexadecimal.", max_length=64),
                ),
                (
                    "upload_id",
                    models.CharField(
                        blank=True, help_text="The S3 multipart upload, while it runs.", max_length=255
                    ),
                ),
                (
                    "upload_token",
                    models.UUIDField(help_text="Made by the form: a second submit finds the first row."),
                ),
                ("part_bytes", models.IntegerField()),
                ("original_key", models.CharField(blank=True, max_length=255)),
                (
                    "showcase",
                    models.BooleanField(
                        default=False,
                        help_text="The consent to show previews outside package pages is in force.",
                    ),
                ),
                (
                    "cover_jerseys",
                    models.BooleanField(default=False, help_text="Jersey numbers and names are covered too."),
                ),
                (
                    "cover_screens",
                    models.BooleanField(
                        default=False, help_text="Screens and burnt-in text are covered too."
                    ),
                ),
                (
                    "sound",
                    models.CharField(
                        choices=[
                            ("drop", "Drop the sound"),
                            ("mute-speech", "Keep the sound, silence all speech"),
                        ],
                        default="drop",
                        max_length=16,
                    ),
                ),
                ("facts", models.JSONField(default=dict, help_text="What the probe found.")),
                ("report_key", models.CharField(blank=True, max_length=255)),
                ("redacted_key", models.CharField(blank=True, max_length=255)),
                ("preview_key", models.CharField(blank=True, max_length=255)),
                ("poster_key", models.CharField(blank=True, max_length=255)),
                (
                    "cache_key",
                    models.CharField(
                        blank=True,
                        help_text="Detections of the last run, so that covering again costs little.",
                        max_length=255,
                    ),
                ),
                ("duration_ms", models.BigIntegerField(default=0)),
                (
                    "certificate",
                    models.JSONField(default=dict, help_text="The redaction certificate of report.json."),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="footage",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "footage",
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["owner", "-created_at"], name="marketplace_owner_i_737b99_idx"),
                    models.Index(fields=["state"], name="marketplace_state_a6fbd9_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "upload_token"), name="footage_once_per_form"),
                    models.CheckConstraint(
                        condition=models.Q(("size_bytes__gt", 0)), name="footage_has_bytes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Clip",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveIntegerField(help_text="0-based place in the footage.")),
                ("start_ms", models.BigIntegerField()),
                ("end_ms", models.BigIntegerField()),
                ("frames", models.PositiveIntegerField()),
                ("fps", models.FloatField()),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                (
                    "quality",
                    models.DecimalField(
                        decimal_places=3, help_text="0 to 1 by the engine's formula.", max_digits=4
                    ),
                ),
                ("quality_parts", models.JSONField(default=dict)),
                (
                    "tag_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        default=list,
                        help_text="Ids of its tags, for facets.",
                        size=None,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("contributor_review", "Waiting for you to look at it."),
                            ("in_moderation", "With our moderators."),
                            ("approved", "Approved: it can be sold."),
                            ("rejected", "Refused: the reason is below."),
                            ("withdrawn", "Withdrawn: nobody can see, buy or download it."),
                        ],
                        default="contributor_review",
                        max_length=24,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.TextField(blank=True)),
                ("media_key", models.CharField(max_length=255)),
                ("media_sha256", models.CharField(max_length=64)),
                ("media_bytes", models.BigIntegerField()),
                ("preview_key", models.CharField(max_length=255)),
                ("poster_key", models.CharField(max_length=255)),
                (
                    "poses_key",
                    models.CharField(help_text="JSON of this clip's poses and tracks.", max_length=255),
                ),
                (
                    "footage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clips",
                        to="marketplace.footage",
                    ),
                ),
            ],
            options={
                "ordering": ["footage", "position"],
                "indexes": [
                    models.Index(fields=["state"], name="marketplace_state_8df075_idx"),
                    django.contrib.postgres.indexes.GinIndex(fields=["tag_ids"], name="clip_tags_gin"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("footage", "position"), name="clip_once_per_position"),
                    models.CheckConstraint(
                        condition=models.Q(("end_ms__gt", models.F("start_ms"))), name="clip_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quality__gte", 0), ("quality__lte", 1)),
                        name="clip_quality_0_to_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("title", models.CharField(max_length=120)),
                ("summary", models.TextField(max_length=2000)),
                (
                    "vertical",
                    models.CharField(choices=[("driving", "Driving"), ("sports", "Sports")], max_length=8),
                ),
                ("price_minor", models.PositiveBigIntegerField(help_text="In minor units (cents).")),
                ("currency", models.CharField(default="usd", max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft: buyers cannot see it."),
                            ("published", "Published: buyers can find and buy it."),
                            (
                                "delisted",
                                "Delisted: no longer for sale; earlier buyers keep what they bought.",
                            ),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "tag_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                    ),
                ),
                (
                    "countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), blank=True, default=list, size=None
                    ),
                ),
                (
                    "places",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), blank=True, default=list, size=None
                    ),
                ),
                (
                    "disciplines",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), blank=True, default=list, size=None
                    ),
                ),
                ("clip_count", models.PositiveIntegerField(default=0)),
                ("duration_ms", models.BigIntegerField(default=0)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                (
                    "curator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "licence",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="marketplace.licenceterms"
                    ),
                ),
            ],
            options={
                "ordering": ["-published_at", "-created_at"],
                "indexes": [
                    models.Index(fields=["state", "-published_at"], name="marketplace_state_fa66b1_idx"),
                    django.contrib.postgres.indexes.GinIndex(fields=["tag_ids"], name="package_tags_gin"),
                    django.contrib.postgres.indexes.GinIndex(fields=["search"], name="package_search_gin"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__gt", 0)), name="package_has_price"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PackageVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft: clips can still be added and taken out."),
                            ("publishing", "Publishing: files are being written and checked."),
                            ("published", "Published and frozen."),
                            ("failed", "Publishing failed: nothing is visible. It can be tried again."),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                ("state_changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reason", models.TextField(blank=True)),
                (
                    "prefix",
                    models.CharField(
                        blank=True, help_text="pkg/<slug>/v<number> in the bucket.", max_length=200
                    ),
                ),
                ("manifest_sha256", models.CharField(blank=True, max_length=64)),
                ("total_bytes", models.BigIntegerField(default=0)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accuracy",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What `make bench` had measured when it was published.",
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="marketplace.package",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        help_text="The version that this one stands in for because clips of it were withdrawn.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "ordering": ["package", "-number"],
                "constraints": [models.UniqueConstraint(fields=("package", "number"), name="version_once")],
            },
        ),
        migrations.CreateModel(
            name="PackageClip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="marketplace.clip",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "clip"), name="clip_once_per_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="PackageObject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=255)),
                ("key", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("bytes", models.BigIntegerField()),
                ("media_type", models.CharField(max_length=100)),
                ("first", models.PositiveIntegerField(blank=True, null=True)),
                ("last", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "gone_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When its bytes were deleted: it showed a clip that was withdrawn.",
                        null=True,
                    ),
                ),
                (
                    "clip",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="marketplace.clip",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objects_in",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "path"],
                "indexes": [models.Index(fields=["key"], name="package_object_key")],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "path"), name="path_once_per_version")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tag_id", models.CharField(max_length=64)),
                ("taxonomy_version", models.PositiveIntegerField()),
                ("start_ms", models.BigIntegerField(help_text="From the start of the clip.")),
                ("end_ms", models.BigIntegerField()),
                ("event_ms", models.BigIntegerField(blank=True, null=True)),
                (
                    "count",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Repetitions inside the span, where counting makes sense.",
                        null=True,
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="model:<sha256>, human:<id> or contributor.", max_length=100),
                ),
                ("confidence", models.FloatField()),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="marketplace.clip",
                    ),
                ),
            ],
            options={
                "ordering": ["start_ms", "tag_id"],
                "indexes": [models.Index(fields=["tag_id"], name="marketplace_tag_id_12cd30_idx")],
            },
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("removed_at", models.DateTimeField()),
                ("reason_class", models.CharField(default="consent_withdrawn", max_length=32)),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="marketplace.clip"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tombstones",
                        to="marketplace.packageversion",
                    ),
                ),
            ],
            options={
                "ordering": ["removed_at", "pk"],
                "constraints": [models.UniqueConstraint(fields=("version", "clip"), name="tombstone_once")],
            },
        ),
        migrations.AddField(
            model_name="package",
            name="current",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="marketplace.packageversion",
            ),
        ),
        migrations.AddField(
            model_name="packageversion",
            name="clips",
            field=models.ManyToManyField(
                related_name="versions", through="marketplace.PackageClip", to="marketplace.clip"
            ),
        ),
    ]
