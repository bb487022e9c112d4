-- An acknowledgement ends by itself, at night as well: people are reminded before they are told of the alert anew. That they
-- were is in the story of the alert, so that nobody is reminded twice.

COMMENT ON COLUMN tds_alert_timeline.event IS 'pending, fired, recovering, reentered, resolved, withdrawn, severity, acknowledged, reminded, unacknowledged, silenced, unsilenced, queued, delivered, failed, not_sent.';
