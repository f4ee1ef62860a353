from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("imports", "0006_sftp")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="is_empty",
            field=models.BooleanField(
                default=False, help_text="of a run for which no new files had arrived: it has none, and stands for nothing"
            ),
        ),
    ]
