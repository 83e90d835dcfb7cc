"""What somebody agreed to, and the words of it, never change; a withdrawal is a new row."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON contributors_consent
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
CREATE TRIGGER consent_text_append_only BEFORE UPDATE OR DELETE ON contributors_consenttext
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
"""
BACK = """
DROP TRIGGER consent_text_append_only ON contributors_consenttext;
DROP TRIGGER consent_append_only ON contributors_consent;
"""


class Migration(migrations.Migration):
    dependencies = [("contributors", "0001_squashed"), ("marketplace", "0002_events_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
