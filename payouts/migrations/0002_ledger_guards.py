"""The books balance or the commit is refused; what is booked is never changed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION fairframe_ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  booked uuid := CASE TG_TABLE_NAME WHEN 'payouts_ledgerline' THEN (to_jsonb(NEW)->>'transaction_id')::uuid
                                    ELSE (to_jsonb(NEW)->>'id')::uuid END;
  wrong record;
BEGIN
  SELECT currency, sum(amount_minor) AS total INTO wrong FROM payouts_ledgerline
    WHERE transaction_id = booked GROUP BY currency HAVING sum(amount_minor) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % does not balance: % %', booked, wrong.total, wrong.currency
      USING ERRCODE = 'check_violation';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM payouts_ledgerline WHERE transaction_id = booked) THEN
    RAISE EXCEPTION 'ledger transaction % has no lines', booked USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT 1 FROM payouts_ledgerline l JOIN payouts_ledgeraccount a ON a.id = l.account_id
             WHERE l.transaction_id = booked AND a.currency <> l.currency) THEN
    RAISE EXCEPTION 'ledger transaction % has a line in another currency than its account', booked
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_line_balances AFTER INSERT ON payouts_ledgerline
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fairframe_ledger_balances();
CREATE CONSTRAINT TRIGGER ledger_transaction_balances AFTER INSERT ON payouts_ledgertransaction
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fairframe_ledger_balances();
CREATE TRIGGER ledger_line_append_only BEFORE UPDATE OR DELETE ON payouts_ledgerline
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON payouts_ledgertransaction
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
CREATE TRIGGER sold_line_append_only BEFORE UPDATE OR DELETE ON payouts_soldline
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
CREATE TRIGGER split_policy_append_only BEFORE UPDATE OR DELETE ON payouts_splitpolicy
  FOR EACH ROW EXECUTE FUNCTION fairframe_append_only();
"""
BACK = """
DROP TRIGGER split_policy_append_only ON payouts_splitpolicy;
DROP TRIGGER sold_line_append_only ON payouts_soldline;
DROP TRIGGER ledger_transaction_append_only ON payouts_ledgertransaction;
DROP TRIGGER ledger_line_append_only ON payouts_ledgerline;
DROP TRIGGER ledger_transaction_balances ON payouts_ledgertransaction;
DROP TRIGGER ledger_line_balances ON payouts_ledgerline;
DROP FUNCTION fairframe_ledger_balances();
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_squashed"), ("marketplace", "0002_events_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
