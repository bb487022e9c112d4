-- What one event did is found by its record, which the event names, and then by the event's id: both tables have an index for
-- the record. An index by event id alone is filled in random order, which under a long backlog costs more writing than
-- the rows themselves.

DROP INDEX tds_audit_trail_event;
DROP INDEX tds_sync_logs_event;
