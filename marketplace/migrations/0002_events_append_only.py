"""The audit log only grows: the database refuses to change or delete a line."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION fairframe_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON marketplace_event
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
CREATE TRIGGER licence_append_only BEFORE UPDATE OR DELETE ON marketplace_licenceterms
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
"""
BACK = """
DROP TRIGGER licence_append_only ON marketplace_licenceterms;
DROP TRIGGER event_append_only ON marketplace_event;
DROP FUNCTION fairframe_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0001_squashed")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
