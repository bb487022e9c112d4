-- One access token of Zoho's for all daemons, encrypted, and what is known about getting the next one.

CREATE TABLE tds_zoho_tokens (
  credentials_digest text COLLATE "C" NOT NULL,
  state text NOT NULL DEFAULT 'none',
  sealed_token text,
  minted_at timestamptz,
  renew_at timestamptz,
  expires_at timestamptz,
  forced boolean NOT NULL DEFAULT false,
  accepted_at timestamptz,
  accepted_for text[] NOT NULL DEFAULT '{}',
  refused_for text[] NOT NULL DEFAULT '{}',
  blocked_until timestamptz,
  faults int NOT NULL DEFAULT 0,
  last_fault text,
  minted_count bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  updated_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_zoho_tokens_pkey PRIMARY KEY (credentials_digest),
  CONSTRAINT tds_zoho_tokens_state_known CHECK (state IN ('none', 'usable', 'throttled', 'refused', 'unavailable')),
  CONSTRAINT tds_zoho_tokens_whole CHECK (
    num_nulls(sealed_token, minted_at, renew_at, expires_at) IN (0, 4)
    AND (state <> 'usable' OR sealed_token IS NOT NULL)
  )
);
COMMENT ON TABLE tds_zoho_tokens IS 'The access token of Zoho that all daemons share, encrypted, one row for each set of credentials. Rows of earlier credentials stay; their tokens died within the hour.';
COMMENT ON COLUMN tds_zoho_tokens.credentials_digest IS 'SHA-256 over accounts host, client id, client secret and refresh token: changed credentials begin a new row.';
COMMENT ON COLUMN tds_zoho_tokens.state IS 'none: never minted; usable; throttled: Zoho issues no more for the moment; refused: the credentials, or a token just minted, were refused; unavailable: the token endpoint failed.';
COMMENT ON COLUMN tds_zoho_tokens.sealed_token IS 'The access token, encrypted with a key of TDS_ENCRYPTION_KEY and bound to this row; version and key id stand before it.';
COMMENT ON COLUMN tds_zoho_tokens.minted_at IS 'When Zoho issued it.';
COMMENT ON COLUMN tds_zoho_tokens.renew_at IS 'From when on one daemon asks for its successor, while the others go on using it.';
COMMENT ON COLUMN tds_zoho_tokens.expires_at IS 'From when on nobody uses it.';
COMMENT ON COLUMN tds_zoho_tokens.forced IS 'It was minted because the one before was refused.';
COMMENT ON COLUMN tds_zoho_tokens.accepted_at IS 'When a call with it first went well.';
COMMENT ON COLUMN tds_zoho_tokens.accepted_for IS 'Types of record for which a call with this very token went well: if it is refused for one of them, it has died, and another one is minted.';
COMMENT ON COLUMN tds_zoho_tokens.refused_for IS 'Types of record for which a fresh token was refused: a scope or a permission is missing. No token is minted for their sake.';
COMMENT ON COLUMN tds_zoho_tokens.blocked_until IS 'Until then nobody asks for a token.';
COMMENT ON COLUMN tds_zoho_tokens.faults IS 'Failed requests for a token in a row.';
COMMENT ON COLUMN tds_zoho_tokens.last_fault IS 'The error word of the token endpoint, or what else went wrong last. Kept until a token is minted.';
COMMENT ON COLUMN tds_zoho_tokens.minted_count IS 'Tokens minted with these credentials.';
COMMENT ON COLUMN tds_zoho_tokens.created_at IS 'When these credentials were first used.';
COMMENT ON COLUMN tds_zoho_tokens.updated_at IS 'When anything here last changed.';
COMMENT ON INDEX tds_zoho_tokens_pkey IS 'One row for a set of credentials: every look names it.';
