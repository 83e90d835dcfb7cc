from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0003_licence_v1")]

    operations = [
        migrations.AddField(
            model_name="footage",
            name="showcase",
            field=models.BooleanField(
                default=False, help_text="The consent to show previews outside package pages is in force."
            ),
        ),
    ]
