"""The first licence text: a package cannot exist without one."""

import hashlib
from pathlib import Path

from django.db import migrations

TEXT = Path(__file__).resolve().parent.parent / "licences" / "training-1.0.txt"


def add(apps, schema_editor):
    text = TEXT.read_text(encoding="utf-8")
    apps.get_model("marketplace", "LicenceTerms").objects.create(
        version="1.0",
        title="Fairframe Training Licence",
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0002_events_append_only")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
