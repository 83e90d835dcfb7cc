"""The first words of each purpose; a change of words is a new version in a new migration."""

import hashlib
from pathlib import Path

from django.db import migrations

TEXTS = Path(__file__).resolve().parent.parent / "texts"
REQUIRED = {"store": True, "sell": True, "people": True, "research": False, "showcase": False}


def add(apps, schema_editor):
    model = apps.get_model("contributors", "ConsentText")
    for purpose, required in REQUIRED.items():
        text = (TEXTS / f"{purpose}-1.txt").read_text(encoding="utf-8").strip()
        model.objects.create(
            purpose=purpose,
            version="1",
            language="en",
            text=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            required=required,
        )


class Migration(migrations.Migration):
    dependencies = [("contributors", "0003_consents_append_only")]
    # Without a way back: the words people agreed to are never removed (a trigger refuses it).
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
