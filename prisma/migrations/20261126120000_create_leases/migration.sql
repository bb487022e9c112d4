-- One leader for each duty that must not be done twice at the same time.

CREATE TABLE tds_leases (
  name text COLLATE "C" NOT NULL,
  holder uuid NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  taken_at timestamptz NOT NULL DEFAULT tds_now(),
  renewed_at timestamptz NOT NULL DEFAULT tds_now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT tds_leases_pkey PRIMARY KEY (name),
  CONSTRAINT tds_leases_epoch_positive CHECK (epoch > 0)
);
COMMENT ON TABLE tds_leases IS 'Who leads which duty. A row stays when its lease is over, because its epoch must go on growing.';
COMMENT ON COLUMN tds_leases.name IS 'The duty.';
COMMENT ON COLUMN tds_leases.holder IS 'The daemon that leads it, or led it last.';
COMMENT ON COLUMN tds_leases.epoch IS 'Counts the terms: every guarded write repeats it, so that a holder whose term is over cannot write.';
COMMENT ON COLUMN tds_leases.taken_at IS 'When this term began.';
COMMENT ON COLUMN tds_leases.renewed_at IS 'When the holder last said that it still leads.';
COMMENT ON COLUMN tds_leases.expires_at IS 'From when on anybody may take the duty over, by the clock of the database.';
COMMENT ON INDEX tds_leases_pkey IS 'One row for a duty: taking, renewing and guarding all name it.';
