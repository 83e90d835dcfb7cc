"""A document is never changed or deleted once it is issued."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER document_append_only BEFORE UPDATE OR DELETE ON buyers_document
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
"""
BACK = "DROP TRIGGER document_append_only ON buyers_document;"


class Migration(migrations.Migration):
    replaces = [("buyers", "0007_documents_frozen")]
    dependencies = [("buyers", "0001_squashed"), ("marketplace", "0002_events_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
