-- Runs that read lists ask for details too; their reads wait behind those that events wait for.

ALTER TABLE tds_owed_reads DROP CONSTRAINT tds_owed_reads_reason_known;
ALTER TABLE tds_owed_reads ADD CONSTRAINT tds_owed_reads_reason_known CHECK (
  reason IN ('event', 'completing', 'repeat', 'parent', 'ripple', 'incremental', 'backfill', 'reconciliation')
);
COMMENT ON COLUMN tds_owed_reads.reason IS 'Who asks: an event, an incompletely known row (completing), a second look (repeat), a child that misses it (parent), a related record that changed (ripple), or a run that found it in a list (incremental, backfill, reconciliation).';
