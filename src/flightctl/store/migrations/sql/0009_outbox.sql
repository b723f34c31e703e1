-- What is noted for a mirror, and what a mirror, which is service, may read: everybody's lists and shares, by function.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['outbox', 'mirror_state'] LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON public.%I FROM PUBLIC', name);
        EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE pg_catalog.format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE pg_catalog.format(
            'CREATE POLICY owner_all ON public.%I TO flightctl_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
-- Of what waits in the outbox only how much it is, and since when: whom it is about is a matter of their lists.
GRANT SELECT (id, written_at) ON outbox TO flightctl_service;
GRANT SELECT, UPDATE (bucket, expired_until) ON mirror_state TO flightctl_service;
CREATE POLICY service_read ON outbox FOR SELECT TO flightctl_service USING (true);
CREATE POLICY service_read ON mirror_state FOR SELECT TO flightctl_service USING (true);
CREATE POLICY service_note ON mirror_state FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);
CREATE SEQUENCE mirror_versions;
ALTER TABLE outbox ALTER COLUMN written_at SET DEFAULT clock_timestamp();
ALTER TABLE outbox ALTER COLUMN user_id SET DEFAULT '';

-- Noting, a statement at a time -----------------------------------------------------------------------------------------

CREATE FUNCTION flightctl.is_mirrored() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT is_on FROM public.mirror_state $$;

-- Of flights only what has another version than before, of the others whatever is there or gone.
CREATE FUNCTION flightctl.note_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT flightctl.is_mirrored() THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'flights' AND TG_OP = 'UPDATE' THEN
        INSERT INTO public.outbox (topic, subject) SELECT 'flight', after.flight_id
            FROM changed AS after JOIN stood AS before USING (flight_id) WHERE after.version <> before.version;
    ELSIF TG_TABLE_NAME = 'flights' THEN
        INSERT INTO public.outbox (topic, subject) SELECT 'flight', flight_id FROM changed;
    ELSIF TG_TABLE_NAME = 'user_flights' THEN
        INSERT INTO public.outbox (topic, subject, user_id) SELECT 'entry', flight_id, user_id FROM changed;
    ELSIF TG_TABLE_NAME = 'flight_watchers' THEN
        INSERT INTO public.outbox (topic, subject) SELECT DISTINCT 'index', flight_id FROM changed;
    ELSIF TG_TABLE_NAME = 'flight_proposals' THEN
        INSERT INTO public.outbox (topic, subject, user_id) SELECT 'entry', flight_id, added_by FROM changed;
    ELSE
        INSERT INTO public.outbox (topic, subject, user_id) SELECT 'share', share_id, sharer_id FROM changed;
    END IF;
    IF FOUND THEN
        PERFORM pg_notify('flightctl', '');
    END IF;
    RETURN NULL;
END
$$;

-- What a mirror does ------------------------------------------------------------------------------------------------------

-- From now on everything is noted: whoever is changing something at this moment is waited for. The triggers are made only
-- now, because PostgreSQL collects what a statement has changed for those, too, that have nothing to note.
CREATE FUNCTION flightctl.begin_mirror() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table text;
BEGIN
    IF flightctl.is_mirrored() THEN
        RETURN;
    END IF;
    LOCK TABLE public.flights, public.user_flights, public.flight_watchers, public.shares, public.flight_proposals
        IN SHARE ROW EXCLUSIVE MODE;
    FOREACH v_table IN ARRAY ARRAY['flights', 'user_flights', 'flight_watchers', 'shares', 'flight_proposals'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER outbox_added AFTER INSERT ON public.%I
            REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION flightctl.note_changes()', v_table);
        EXECUTE format('CREATE OR REPLACE TRIGGER outbox_removed AFTER DELETE ON public.%I
            REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION flightctl.note_changes()', v_table);
        CONTINUE WHEN v_table IN ('user_flights', 'flight_watchers');
        EXECUTE format('CREATE OR REPLACE TRIGGER outbox_changed AFTER UPDATE ON public.%I
            REFERENCING OLD TABLE AS stood NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION flightctl.note_changes()', v_table);
    END LOOP;
    UPDATE public.mirror_state SET is_on = true;
END
$$;

-- A number above all that were given before, and above this one.
CREATE FUNCTION flightctl.next_mirror_version(p_above bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_next bigint := nextval('public.mirror_versions');
BEGIN
    -- After a crash the sequence may have lost numbers that were given.
    IF v_next <= p_above THEN
        v_next := setval('public.mirror_versions', greatest(p_above + 1000, nextval('public.mirror_versions')));
    END IF;
    RETURN v_next;
END
$$;

-- The oldest of what was noted, which is gone when the transaction commits; what others have taken is passed over.
CREATE FUNCTION flightctl.take_outbox(p_most integer)
RETURNS TABLE (topic text, subject text, user_id text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH taken AS (
        DELETE FROM public.outbox WHERE id IN (
            SELECT noted.id FROM public.outbox AS noted ORDER BY noted.id LIMIT p_most FOR UPDATE SKIP LOCKED)
        RETURNING id, topic, subject, user_id)
    SELECT topic, subject, user_id FROM taken ORDER BY id
$$;

-- Who lists these flights, by user and flight: those after this pair, so many.
CREATE FUNCTION flightctl.mirrored_users(p_flights text[], p_after_user text, p_after_flight text, p_most integer)
RETURNS TABLE (flight_id text, user_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT watching.flight_id, watching.user_id FROM public.flight_watchers AS watching
    WHERE watching.flight_id = ANY (p_flights)
        AND (watching.user_id COLLATE "C", watching.flight_id COLLATE "C") > (p_after_user, p_after_flight)
    ORDER BY watching.user_id COLLATE "C", watching.flight_id COLLATE "C" LIMIT p_most
$$;

-- Entries of these users' lists, each with who shared it.
CREATE FUNCTION flightctl.mirrored_entries(p_flights text[], p_users text[])
RETURNS TABLE (user_id text, flight_id text, kind text, added_at timestamptz, snapshot json, sharer_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT entry.user_id, entry.flight_id, entry.kind, entry.added_at, entry.snapshot,
        CASE WHEN entry.kind = 'shared' THEN (
            SELECT share.sharer_id FROM public.share_claims AS claim JOIN public.shares AS share USING (share_id)
            WHERE claim.user_id = entry.user_id AND share.flight_id = entry.flight_id
            ORDER BY share.claimed_at LIMIT 1) END
    FROM unnest(p_flights, p_users) AS asked (flight_id, user_id)
        JOIN public.user_flights AS entry USING (flight_id, user_id)
$$;

CREATE FUNCTION flightctl.mirrored_shares(p_shares text[])
RETURNS TABLE (share_id text, sharer_id text, flight_id text, status text, snapshot json, created_at timestamptz,
    expires_at timestamptz, claimed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT share.share_id, share.sharer_id, share.flight_id, share.status, share.snapshot, share.created_at,
        share.expires_at, share.claimed_at
    FROM public.shares AS share WHERE share.share_id = ANY (p_shares)
$$;

-- Shares with their sharers, those after this number, so many; or those that expired in this time.
CREATE FUNCTION flightctl.all_shares(p_after text, p_most integer)
RETURNS TABLE (share_id text, sharer_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT share.share_id, share.sharer_id FROM public.shares AS share
    WHERE share.share_id > p_after ORDER BY share.share_id LIMIT p_most
$$;
CREATE FUNCTION flightctl.expired_shares(p_after timestamptz, p_until timestamptz)
RETURNS TABLE (share_id text, sharer_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT share.share_id, share.sharer_id FROM public.shares AS share
    WHERE share.status = 'pending' AND share.expires_at > p_after AND share.expires_at <= p_until
$$;

REVOKE EXECUTE ON FUNCTION flightctl.is_mirrored, flightctl.note_changes, flightctl.begin_mirror,
    flightctl.next_mirror_version, flightctl.take_outbox, flightctl.mirrored_users, flightctl.mirrored_entries,
    flightctl.mirrored_shares, flightctl.all_shares, flightctl.expired_shares FROM PUBLIC;
GRANT EXECUTE ON FUNCTION flightctl.begin_mirror, flightctl.next_mirror_version, flightctl.take_outbox,
    flightctl.mirrored_users, flightctl.mirrored_entries, flightctl.mirrored_shares, flightctl.all_shares,
    flightctl.expired_shares TO flightctl_service;
