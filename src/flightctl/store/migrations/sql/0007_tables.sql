-- What only the remote has: who is who, what holds for everybody, and who paid for what.
CREATE TABLE account (
    user_name text PRIMARY KEY,
    tier text NOT NULL DEFAULT 'basic' CHECK (tier IN ('basic', 'subscriber')),
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now()
);

-- What admins decide for everybody: who may make paid calls of a provider, how many there may be in a cycle, and when
-- the cycle turns.
CREATE TABLE provider_terms (
    provider text PRIMARY KEY,
    open_to text NOT NULL CHECK (open_to IN ('everyone', 'subscribers')),
    cap integer CHECK (cap >= 0),
    cycle_start_day integer NOT NULL DEFAULT 1 CHECK (cycle_start_day BETWEEN 1 AND 31)
);
INSERT INTO provider_terms VALUES ('aviationstack', 'everyone', 100), ('aeroapi', 'subscribers', 1000);

CREATE TABLE sharing_terms (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    max_failed_claims integer NOT NULL DEFAULT 10 CHECK (max_failed_claims >= 0)
);
INSERT INTO sharing_terms DEFAULT VALUES;

-- What callers without the service role brought into the shared cache, and what stood there before.
CREATE TABLE contributions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cache_key text NOT NULL,
    paid_by text NOT NULL,
    call_id bigint NOT NULL,
    brought_at timestamptz NOT NULL,
    brought json NOT NULL,
    stood_before json,
    undone_by text,
    undone_at timestamptz
);
CREATE INDEX contributions_cache_key ON contributions (cache_key);

-- Rows to hold on to, for work that only one at a time may do.
CREATE TABLE turns (what text PRIMARY KEY);
INSERT INTO turns VALUES ('flights');

-- A counter that was handed over is not added again.
CREATE TABLE counter_batches (
    batch_id uuid PRIMARY KEY,
    handed_by text NOT NULL,
    handed_at timestamptz NOT NULL DEFAULT now()
);

-- From which cycle a call was taken, so that it goes back there if it was never sent.
ALTER TABLE upstream_calls ADD COLUMN cycle_start text NOT NULL DEFAULT '';

-- Whoever has brought in what a call was answered has had it.
ALTER TABLE upstream_calls ADD COLUMN is_used boolean NOT NULL DEFAULT false;

-- Nobody learns from a refused share that somebody else's has the same token.
DROP INDEX shares_token_sha256;
CREATE UNIQUE INDEX shares_token_sha256 ON shares (token_sha256, sharer_id);
