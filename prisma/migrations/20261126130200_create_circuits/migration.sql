-- One circuit for each service outside, shared by every daemon: whoever wants to call it reads this row.

CREATE TABLE tds_circuits (
  organization_id text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  state text NOT NULL DEFAULT 'closed',
  epoch bigint NOT NULL DEFAULT 1,
  reason text NOT NULL DEFAULT 'new',
  changed_at timestamptz NOT NULL DEFAULT tds_now(),
  down_since timestamptz,
  failures integer NOT NULL DEFAULT 0,
  opened bigint NOT NULL DEFAULT 0,
  next_probe_at timestamptz,
  probe_id uuid,
  probe_by uuid,
  probe_expires_at timestamptz,
  probes bigint NOT NULL DEFAULT 0,
  ramp_step smallint NOT NULL DEFAULT 0,
  ramp_window_at timestamptz NOT NULL DEFAULT tds_now(),
  ramp_used integer NOT NULL DEFAULT 0,
  ramp_passed integer NOT NULL DEFAULT 0,
  CONSTRAINT tds_circuits_pkey PRIMARY KEY (organization_id, service),
  CONSTRAINT tds_circuits_state_known
    CHECK (state IN ('closed', 'open', 'half_open', 'quota_exhausted', 'token_refused')),
  CONSTRAINT tds_circuits_epoch_positive CHECK (epoch > 0),
  CONSTRAINT tds_circuits_counts_positive
    CHECK (failures >= 0 AND opened >= 0 AND probes >= 0 AND ramp_step >= 0 AND ramp_used >= 0 AND ramp_passed >= 0),
  CONSTRAINT tds_circuits_probe_when_known
    CHECK ((state IN ('closed', 'half_open')) = (next_probe_at IS NULL))
);
COMMENT ON TABLE tds_circuits IS 'Whether a service outside may be called, one row for an organisation and service. The row decides for all daemons at once; every change of it is one guarded statement.';
COMMENT ON COLUMN tds_circuits.organization_id IS 'The organisation whose calls these are.';
COMMENT ON COLUMN tds_circuits.service IS 'What is called: zoho.';
COMMENT ON COLUMN tds_circuits.state IS 'closed: every call may go out. open: the service is down. half_open: it answers again and calls are let through in growing numbers. quota_exhausted: the day has no calls left. token_refused: our credentials are refused.';
COMMENT ON COLUMN tds_circuits.epoch IS 'Counts the changes of state and the probes that failed. Every change repeats it, so that what was called before it decides nothing after it.';
COMMENT ON COLUMN tds_circuits.reason IS 'Why it is in this state: the fault of the call that changed it, or what ended the fault.';
COMMENT ON COLUMN tds_circuits.changed_at IS 'Since when it has been in this state.';
COMMENT ON COLUMN tds_circuits.down_since IS 'Since when it has not been closed; NULL while it is.';
COMMENT ON COLUMN tds_circuits.failures IS 'Openings and probes in a row that failed: the more, the longer the wait for the next probe.';
COMMENT ON COLUMN tds_circuits.opened IS 'How many times it has left closed, ever.';
COMMENT ON COLUMN tds_circuits.next_probe_at IS 'From when on one call may try whether the service is back; NULL where calls go out anyway.';
COMMENT ON COLUMN tds_circuits.probe_id IS 'The probe that is out; its result counts only while it stands here.';
COMMENT ON COLUMN tds_circuits.probe_by IS 'The daemon that sent it.';
COMMENT ON COLUMN tds_circuits.probe_expires_at IS 'From when on another may be sent: whoever sent this one has died.';
COMMENT ON COLUMN tds_circuits.probes IS 'How many probes were taken and not given back, ever.';
COMMENT ON COLUMN tds_circuits.ramp_step IS 'While half open: 2 to this power calls are let through in each second.';
COMMENT ON COLUMN tds_circuits.ramp_window_at IS 'While half open: when the second that is being counted began.';
COMMENT ON COLUMN tds_circuits.ramp_used IS 'While half open: calls let through in that second.';
COMMENT ON COLUMN tds_circuits.ramp_passed IS 'While half open: calls that went well since the last step up. There is no step up without one.';
COMMENT ON INDEX tds_circuits_pkey IS 'One row for a service of an organisation: every statement names it.';
