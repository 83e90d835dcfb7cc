"""Storing and processing, in words that fit footage whose sound is kept with its speech silenced."""

import hashlib
from pathlib import Path

from django.db import migrations

TEXT = Path(__file__).resolve().parent.parent / "texts" / "store-2.txt"


def add(apps, schema_editor):
    text = TEXT.read_text(encoding="utf-8").strip()
    apps.get_model("contributors", "ConsentText").objects.create(
        purpose="store",
        version="2",
        language="en",
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        required=True,
    )


class Migration(migrations.Migration):
    replaces = [("contributors", "0007_webengine_store_text_v2")]
    dependencies = [("contributors", "0004_consent_texts_v1")]
    # Without a way back: the words people agreed to are never removed (a trigger refuses it).
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
