-- The alerter keeps everything it knows in Postgres: a restart neither forgets what fires nor tells of it twice, and every
-- decision not to tell anybody is there to be read.

ALTER TABLE tds_alerts
  ADD COLUMN fingerprint text COLLATE "C",
  ADD COLUMN group_key text COLLATE "C",
  ADD COLUMN acknowledged_until timestamptz;
COMMENT ON TABLE tds_alerts IS 'Episodes: each from firing to resolved, with what people did about it.';
COMMENT ON COLUMN tds_alerts.fingerprint IS 'SHA-256 of rule and labels: what fires again has the same one. NULL in alerts older than this column.';
COMMENT ON COLUMN tds_alerts.group_key IS 'Group in which people are told of it.';
COMMENT ON COLUMN tds_alerts.acknowledged_until IS 'When an acknowledgement ends by itself; NULL for when the alert is over.';
CREATE UNIQUE INDEX tds_alerts_active_fingerprint ON tds_alerts (fingerprint) WHERE is_active AND fingerprint IS NOT NULL;
COMMENT ON INDEX tds_alerts_active_fingerprint IS 'One episode at a time for what is wrong.';
CREATE INDEX tds_alerts_episodes ON tds_alerts (fingerprint, triggered_at);
COMMENT ON INDEX tds_alerts_episodes IS 'How often the same thing fired of late: flapping.';
CREATE INDEX tds_alerts_group ON tds_alerts (group_key, triggered_at);
COMMENT ON INDEX tds_alerts_group IS 'The alerts of a group at its flush.';

CREATE TABLE tds_alert_states (
  fingerprint text COLLATE "C" NOT NULL,
  rule text COLLATE "C" NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  state text COLLATE "C" NOT NULL,
  severity tds_alert_severity NOT NULL,
  value numeric,
  threshold numeric,
  facts jsonb NOT NULL DEFAULT '{}',
  active_since timestamptz NOT NULL,
  fired_at timestamptz,
  clear_since timestamptz,
  evaluated_at timestamptz NOT NULL,
  reentries integer NOT NULL DEFAULT 0,
  alert_id uuid,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_alert_states_pkey PRIMARY KEY (fingerprint),
  CONSTRAINT tds_alert_states_state_known CHECK (state IN ('pending', 'firing', 'recovering')),
  CONSTRAINT tds_alert_states_fired CHECK ((state = 'pending') = (fired_at IS NULL) AND (state = 'pending') = (alert_id IS NULL)),
  CONSTRAINT tds_alert_states_clear CHECK ((state = 'recovering') = (clear_since IS NOT NULL))
);
COMMENT ON TABLE tds_alert_states IS 'What is pending, firing or recovering now: a rule with a set of labels. What is well has no row.';
COMMENT ON COLUMN tds_alert_states.fingerprint IS 'SHA-256 of rule and labels.';
COMMENT ON COLUMN tds_alert_states.rule IS 'The rule.';
COMMENT ON COLUMN tds_alert_states.labels IS 'What tells instances of one rule apart, for example the entity type.';
COMMENT ON COLUMN tds_alert_states.state IS 'pending: true, but not for long enough yet. firing. recovering: no longer true, but not for long enough yet.';
COMMENT ON COLUMN tds_alert_states.severity IS 'How urgent it is now.';
COMMENT ON COLUMN tds_alert_states.value IS 'The value last measured; NULL where there is none.';
COMMENT ON COLUMN tds_alert_states.threshold IS 'What the value is held against; NULL where there is no number.';
COMMENT ON COLUMN tds_alert_states.facts IS 'Further numbers that a message tells.';
COMMENT ON COLUMN tds_alert_states.active_since IS 'Since when it is true.';
COMMENT ON COLUMN tds_alert_states.fired_at IS 'When it began to fire.';
COMMENT ON COLUMN tds_alert_states.clear_since IS 'Since when it is no longer true.';
COMMENT ON COLUMN tds_alert_states.evaluated_at IS 'When it was last measured without an error.';
COMMENT ON COLUMN tds_alert_states.reentries IS 'How often it became true again while it recovered.';
COMMENT ON COLUMN tds_alert_states.alert_id IS 'Its episode in tds_alerts.';
COMMENT ON COLUMN tds_alert_states.version IS 'Counts the changes: who changes it names the version it saw.';
COMMENT ON INDEX tds_alert_states_pkey IS 'An instance by what it is about.';

CREATE TABLE tds_alert_rule_runs (
  rule text COLLATE "C" NOT NULL,
  evaluated_at timestamptz NOT NULL,
  succeeded_at timestamptz,
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  error text,
  CONSTRAINT tds_alert_rule_runs_pkey PRIMARY KEY (rule)
);
COMMENT ON TABLE tds_alert_rule_runs IS 'How the evaluation of each rule goes.';
COMMENT ON COLUMN tds_alert_rule_runs.rule IS 'The rule.';
COMMENT ON COLUMN tds_alert_rule_runs.evaluated_at IS 'When it was last evaluated, well or not.';
COMMENT ON COLUMN tds_alert_rule_runs.succeeded_at IS 'When it was last evaluated without an error.';
COMMENT ON COLUMN tds_alert_rule_runs.failures IS 'Evaluations that failed since.';
COMMENT ON COLUMN tds_alert_rule_runs.failing_since IS 'Since when they fail; NULL where they do not.';
COMMENT ON COLUMN tds_alert_rule_runs.error IS 'Why the last one failed.';
COMMENT ON INDEX tds_alert_rule_runs_pkey IS 'One row a rule.';

CREATE TABLE tds_alert_timeline (
  position bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT tds_now(),
  alert_id uuid,
  fingerprint text COLLATE "C",
  rule text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  receiver text COLLATE "C",
  reason text,
  facts jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT tds_alert_timeline_pkey PRIMARY KEY (position)
);
COMMENT ON TABLE tds_alert_timeline IS 'What happened to alerts, and every decision to tell or not to tell somebody, with its reason.';
COMMENT ON COLUMN tds_alert_timeline.position IS 'Order of writing.';
COMMENT ON COLUMN tds_alert_timeline.at IS 'When.';
COMMENT ON COLUMN tds_alert_timeline.alert_id IS 'The episode; NULL before it fired.';
COMMENT ON COLUMN tds_alert_timeline.fingerprint IS 'The instance; NULL where it is about a whole rule.';
COMMENT ON COLUMN tds_alert_timeline.rule IS 'The rule.';
COMMENT ON COLUMN tds_alert_timeline.event IS 'pending, fired, recovering, reentered, resolved, withdrawn, severity, acknowledged, unacknowledged, silenced, unsilenced, queued, delivered, failed, not_sent.';
COMMENT ON COLUMN tds_alert_timeline.receiver IS 'Whom it was about.';
COMMENT ON COLUMN tds_alert_timeline.reason IS 'Why, for not_sent above all: silenced, inhibited, flapping, over_already, nothing_new, not_wanted, merged.';
COMMENT ON COLUMN tds_alert_timeline.facts IS 'Numbers and names.';
COMMENT ON INDEX tds_alert_timeline_pkey IS 'Order, and deleting by retention in batches.';
CREATE INDEX tds_alert_timeline_alert ON tds_alert_timeline (alert_id, position);
COMMENT ON INDEX tds_alert_timeline_alert IS 'The story of one episode.';
CREATE INDEX tds_alert_timeline_fingerprint ON tds_alert_timeline (fingerprint, position);
COMMENT ON INDEX tds_alert_timeline_fingerprint IS 'The story of one instance over its episodes.';
CREATE INDEX tds_alert_timeline_at ON tds_alert_timeline (at);
COMMENT ON INDEX tds_alert_timeline_at IS 'Retention.';

CREATE TABLE tds_alert_groups (
  group_key text COLLATE "C" NOT NULL,
  route text COLLATE "C" NOT NULL,
  labels jsonb NOT NULL DEFAULT '{}',
  flush_at timestamptz,
  flush_reason text,
  flushed_at timestamptz,
  is_open boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_alert_groups_pkey PRIMARY KEY (group_key)
);
COMMENT ON TABLE tds_alert_groups IS 'Alerts of which people are told together, and when next.';
COMMENT ON COLUMN tds_alert_groups.group_key IS 'SHA-256 of route and grouping labels.';
COMMENT ON COLUMN tds_alert_groups.route IS 'The route that its alerts took.';
COMMENT ON COLUMN tds_alert_groups.labels IS 'The values by which it is grouped.';
COMMENT ON COLUMN tds_alert_groups.flush_at IS 'When it is next decided what to tell; NULL where nothing is under way.';
COMMENT ON COLUMN tds_alert_groups.flush_reason IS 'Why people are told again although nothing changed: silence ended, acknowledgement ended; NULL for none.';
COMMENT ON COLUMN tds_alert_groups.flushed_at IS 'When that was last decided.';
COMMENT ON COLUMN tds_alert_groups.is_open IS 'Whether something fired in it at the last flush: then changes wait for the interval, and else the first alert for company.';
COMMENT ON COLUMN tds_alert_groups.created_at IS 'When its first alert came.';
COMMENT ON COLUMN tds_alert_groups.version IS 'Counts the changes: who changes it names the version it saw.';
COMMENT ON INDEX tds_alert_groups_pkey IS 'A group by what it holds.';
CREATE INDEX tds_alert_groups_flush_at ON tds_alert_groups (flush_at) WHERE flush_at IS NOT NULL;
COMMENT ON INDEX tds_alert_groups_flush_at IS 'What is due.';

CREATE TABLE tds_notification_log (
  group_key text COLLATE "C" NOT NULL,
  receiver text COLLATE "C" NOT NULL,
  firing jsonb NOT NULL DEFAULT '{}',
  severity tds_alert_severity,
  sequence integer NOT NULL DEFAULT 0,
  repeats integer NOT NULL DEFAULT 0,
  sent_at timestamptz,
  CONSTRAINT tds_notification_log_pkey PRIMARY KEY (group_key, receiver)
);
COMMENT ON TABLE tds_notification_log IS 'What each receiver was last told of a group; written with the delivery that succeeded.';
COMMENT ON COLUMN tds_notification_log.group_key IS 'The group.';
COMMENT ON COLUMN tds_notification_log.receiver IS 'The receiver.';
COMMENT ON COLUMN tds_notification_log.firing IS 'Fingerprint → episode of what it was told is firing; empty once it was told that all is over.';
COMMENT ON COLUMN tds_notification_log.severity IS 'The highest of those.';
COMMENT ON COLUMN tds_notification_log.sequence IS 'Number of the last message of the group to it.';
COMMENT ON COLUMN tds_notification_log.repeats IS 'Repetitions since something new was told.';
COMMENT ON COLUMN tds_notification_log.sent_at IS 'When it was last told something.';
COMMENT ON INDEX tds_notification_log_pkey IS 'One entry for each group and receiver.';

CREATE TABLE tds_notifications (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  receiver text COLLATE "C" NOT NULL,
  integration text COLLATE "C" NOT NULL,
  group_key text COLLATE "C",
  sequence integer NOT NULL DEFAULT 0,
  kind text COLLATE "C" NOT NULL,
  severity tds_alert_severity NOT NULL,
  message jsonb NOT NULL,
  alert_ids uuid[] NOT NULL DEFAULT '{}',
  log_entry jsonb,
  state text COLLATE "C" NOT NULL DEFAULT 'queued',
  attempt integer NOT NULL DEFAULT 0,
  is_plain boolean NOT NULL DEFAULT false,
  not_before timestamptz NOT NULL DEFAULT tds_now(),
  expires_at timestamptz NOT NULL,
  lease_holder uuid,
  lease_until timestamptz,
  epoch integer NOT NULL DEFAULT 0,
  fallback_of uuid,
  merged_into uuid,
  outcome text COLLATE "C",
  provider_status text,
  detail text,
  recipients jsonb,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  finished_at timestamptz,
  CONSTRAINT tds_notifications_pkey PRIMARY KEY (id),
  CONSTRAINT tds_notifications_kind_known CHECK (kind IN ('firing', 'update', 'repeat', 'resolved', 'combined', 'flapping', 'stable', 'digest', 'internal', 'emergency', 'test')),
  CONSTRAINT tds_notifications_state_known CHECK (state IN ('queued', 'sending', 'waiting', 'delivered', 'merged', 'dead')),
  CONSTRAINT tds_notifications_leased CHECK ((state = 'sending') = (lease_until IS NOT NULL) AND (state = 'sending') = (lease_holder IS NOT NULL)),
  CONSTRAINT tds_notifications_finished CHECK ((state IN ('delivered', 'merged', 'dead')) = (finished_at IS NOT NULL))
);
COMMENT ON TABLE tds_notifications IS 'The outbox: messages to send and what became of them. A message is marked after it was sent, so that a crash sends it twice rather than never.';
COMMENT ON COLUMN tds_notifications.id IS 'Identity of the message; part of its text and its Message-ID.';
COMMENT ON COLUMN tds_notifications.receiver IS 'Whom it is for.';
COMMENT ON COLUMN tds_notifications.integration IS 'The way: email, slack, telegram, webhook.';
COMMENT ON COLUMN tds_notifications.group_key IS 'The group it tells of; NULL for tests and messages about the alerter itself.';
COMMENT ON COLUMN tds_notifications.sequence IS 'Order within group and receiver: none is sent before the one in front of it is finished.';
COMMENT ON COLUMN tds_notifications.kind IS 'What it tells.';
COMMENT ON COLUMN tds_notifications.severity IS 'How urgent it is.';
COMMENT ON COLUMN tds_notifications.message IS 'What it says, in the form that every receiver renders.';
COMMENT ON COLUMN tds_notifications.alert_ids IS 'The episodes it tells of.';
COMMENT ON COLUMN tds_notifications.log_entry IS 'What the notification log says once it is delivered; NULL where it has no entry.';
COMMENT ON COLUMN tds_notifications.state IS 'queued, sending under a lease, waiting for its next attempt, delivered, merged into another, dead.';
COMMENT ON COLUMN tds_notifications.attempt IS 'Attempts that failed for a reason that counts.';
COMMENT ON COLUMN tds_notifications.is_plain IS 'Whether it is sent as short plain text because the provider refused it as it was.';
COMMENT ON COLUMN tds_notifications.not_before IS 'When it may be sent next.';
COMMENT ON COLUMN tds_notifications.expires_at IS 'When it is given up.';
COMMENT ON COLUMN tds_notifications.lease_holder IS 'The alerter that sends it.';
COMMENT ON COLUMN tds_notifications.lease_until IS 'When another one may.';
COMMENT ON COLUMN tds_notifications.epoch IS 'Counts the leases: who finishes it names the one it has.';
COMMENT ON COLUMN tds_notifications.fallback_of IS 'The message that could not be delivered in time.';
COMMENT ON COLUMN tds_notifications.merged_into IS 'The message that tells it instead.';
COMMENT ON COLUMN tds_notifications.outcome IS 'Delivery class of the last attempt.';
COMMENT ON COLUMN tds_notifications.provider_status IS 'What the provider answered, as a code.';
COMMENT ON COLUMN tds_notifications.detail IS 'The same in words, without secrets.';
COMMENT ON COLUMN tds_notifications.recipients IS 'Where it has several: each with what became of it.';
COMMENT ON COLUMN tds_notifications.created_at IS 'When it was decided to send it.';
COMMENT ON COLUMN tds_notifications.finished_at IS 'When it was delivered, merged or given up.';
COMMENT ON INDEX tds_notifications_pkey IS 'The message a person names.';
CREATE INDEX tds_notifications_due ON tds_notifications (integration, not_before) WHERE finished_at IS NULL;
COMMENT ON INDEX tds_notifications_due IS 'What a lane sends next.';
CREATE INDEX tds_notifications_group ON tds_notifications (group_key, receiver, sequence);
COMMENT ON INDEX tds_notifications_group IS 'Order within a group, and what a group has told.';
CREATE INDEX tds_notifications_fallback_of ON tds_notifications (fallback_of) WHERE fallback_of IS NOT NULL;
COMMENT ON INDEX tds_notifications_fallback_of IS 'Whether a message was told by another way already.';
CREATE INDEX tds_notifications_merged_into ON tds_notifications (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON INDEX tds_notifications_merged_into IS 'What a message tells beside its own.';
CREATE INDEX tds_notifications_created_at ON tds_notifications (created_at);
COMMENT ON INDEX tds_notifications_created_at IS 'The delivery log, newest first, and retention.';

CREATE TABLE tds_silences (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  matchers jsonb NOT NULL,
  starts_at timestamptz NOT NULL DEFAULT tds_now(),
  ends_at timestamptz NOT NULL,
  author text NOT NULL,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  replaces uuid,
  ended_by text,
  closed_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_silences_pkey PRIMARY KEY (id),
  CONSTRAINT tds_silences_some_time CHECK (ends_at >= starts_at),
  CONSTRAINT tds_silences_reason CHECK (length(btrim(reason)) >= 3),
  CONSTRAINT tds_silences_matchers CHECK (jsonb_typeof(matchers) = 'array' AND jsonb_array_length(matchers) > 0)
);
COMMENT ON TABLE tds_silences IS 'What people do not want to be told of for a while: from starts_at until just before ends_at.';
COMMENT ON COLUMN tds_silences.id IS 'Identity of the silence.';
COMMENT ON COLUMN tds_silences.matchers IS 'What it catches: label, operator (=, !=, in) and values; all of them must hold.';
COMMENT ON COLUMN tds_silences.starts_at IS 'From when on.';
COMMENT ON COLUMN tds_silences.ends_at IS 'Until when; earlier than planned where somebody ended it.';
COMMENT ON COLUMN tds_silences.author IS 'Who wanted it.';
COMMENT ON COLUMN tds_silences.reason IS 'Why.';
COMMENT ON COLUMN tds_silences.created_at IS 'When it was made.';
COMMENT ON COLUMN tds_silences.replaces IS 'The silence of which it is the new version.';
COMMENT ON COLUMN tds_silences.ended_by IS 'Who ended it early; NULL where nobody did.';
COMMENT ON COLUMN tds_silences.closed_at IS 'When its end was noticed, and told again what still fires; NULL before.';
COMMENT ON COLUMN tds_silences.version IS 'Counts the changes.';
COMMENT ON INDEX tds_silences_pkey IS 'The silence a person names.';
CREATE INDEX tds_silences_ends_at ON tds_silences (ends_at);
COMMENT ON INDEX tds_silences_ends_at IS 'Those in force, and retention.';

CREATE TABLE tds_receiver_states (
  integration text COLLATE "C" NOT NULL,
  paused_until timestamptz,
  broken_since timestamptz,
  failures integer NOT NULL DEFAULT 0,
  last_success_at timestamptz,
  last_error text,
  last_error_at timestamptz,
  address text,
  tokens jsonb NOT NULL DEFAULT '{}',
  settings_mark text,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_receiver_states_pkey PRIMARY KEY (integration)
);
COMMENT ON TABLE tds_receiver_states IS 'How each way to people is doing.';
COMMENT ON COLUMN tds_receiver_states.integration IS 'email, slack, telegram or webhook.';
COMMENT ON COLUMN tds_receiver_states.paused_until IS 'When its provider takes messages again.';
COMMENT ON COLUMN tds_receiver_states.broken_since IS 'Since when it refuses us; NULL where it does not. Nothing is sent until it is set up anew or tested well.';
COMMENT ON COLUMN tds_receiver_states.failures IS 'Failures since the last success.';
COMMENT ON COLUMN tds_receiver_states.last_success_at IS 'When something was last delivered.';
COMMENT ON COLUMN tds_receiver_states.last_error IS 'What went wrong last, without secrets.';
COMMENT ON COLUMN tds_receiver_states.last_error_at IS 'When that was.';
COMMENT ON COLUMN tds_receiver_states.address IS 'Where the provider said that it has moved to, as Telegram does with chats; NULL for what is configured.';
COMMENT ON COLUMN tds_receiver_states.tokens IS 'What is left of its rate limits, and when that was counted.';
COMMENT ON COLUMN tds_receiver_states.settings_mark IS 'A few digits of a digest of its settings: with other settings it is tried again.';
COMMENT ON COLUMN tds_receiver_states.version IS 'Counts the changes.';
COMMENT ON INDEX tds_receiver_states_pkey IS 'One row a way.';

CREATE TABLE tds_alert_flaps (
  fingerprint text COLLATE "C" NOT NULL,
  rule text COLLATE "C" NOT NULL,
  since timestamptz NOT NULL DEFAULT tds_now(),
  told_at timestamptz,
  CONSTRAINT tds_alert_flaps_pkey PRIMARY KEY (fingerprint)
);
COMMENT ON TABLE tds_alert_flaps IS 'What fires and resolves again and again, until it has been quiet for an hour.';
COMMENT ON COLUMN tds_alert_flaps.fingerprint IS 'SHA-256 of rule and labels.';
COMMENT ON COLUMN tds_alert_flaps.rule IS 'The rule.';
COMMENT ON COLUMN tds_alert_flaps.since IS 'When it was found to flap.';
COMMENT ON COLUMN tds_alert_flaps.told_at IS 'When people were last told that it fires, if it is critical.';
COMMENT ON INDEX tds_alert_flaps_pkey IS 'One row an instance.';
