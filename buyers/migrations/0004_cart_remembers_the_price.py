from django.db import migrations, models


def today(apps, schema_editor):
    """Take today's price for what is in carts already."""
    for item in apps.get_model("buyers", "CartItem").objects.select_related("package"):
        item.price_minor = item.package.price_minor
        item.save(update_fields=["price_minor"])


class Migration(migrations.Migration):
    dependencies = [("buyers", "0003_organisation_name_taken"), ("marketplace", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="cartitem",
            name="price_minor",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.RunPython(today, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="cartitem",
            name="price_minor",
            field=models.PositiveBigIntegerField(help_text="What it cost when somebody last agreed to it."),
        ),
    ]
