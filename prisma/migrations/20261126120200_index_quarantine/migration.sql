-- What people ask of one event, and what came back after they had settled it.

CREATE INDEX tds_inbox_events_discarded
  ON tds_inbox_events (last_duplicate_at)
  WHERE status = 'discarded';
COMMENT ON INDEX tds_inbox_events_discarded IS 'Finds what was delivered again after a person had discarded it; holds only what people discarded.';

CREATE INDEX tds_inbox_events_replay_of
  ON tds_inbox_events (replay_of)
  WHERE replay_of IS NOT NULL;
COMMENT ON INDEX tds_inbox_events_replay_of IS 'The corrections of one event; holds only corrections.';

CREATE INDEX tds_operator_actions_subject ON tds_operator_actions (subject, id);
COMMENT ON INDEX tds_operator_actions_subject IS 'What people did to one event.';
