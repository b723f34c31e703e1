-- What each login says of a flight that waits. Nobody sees, or writes over, what others say of the same one.
CREATE TABLE flight_proposals (
    LIKE flights,
    aliases json NOT NULL DEFAULT '[]',
    changes json NOT NULL DEFAULT '[]',
    PRIMARY KEY (flight_id, added_by),
    FOREIGN KEY (flight_id) REFERENCES flights (flight_id) ON DELETE CASCADE
);
INSERT INTO flight_proposals
    SELECT waits.*,
        coalesce((SELECT json_agg(json_build_object('alias', name.alias, 'kind', name.kind)) FROM flight_aliases AS name
            WHERE name.flight_id = waits.flight_id), '[]'),
        coalesce((SELECT json_agg(json_build_object('field', told.field, 'old', told.old, 'new', told.new,
                'observed_at', told.observed_at) ORDER BY told.id)
            FROM flight_changes AS told WHERE told.flight_id = waits.flight_id), '[]')
    FROM flights AS waits WHERE waits.review <> 'confirmed' AND waits.added_by <> '';

REVOKE ALL ON flight_proposals FROM PUBLIC;
ALTER TABLE flight_proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE flight_proposals FORCE ROW LEVEL SECURITY;
GRANT SELECT ON flight_proposals TO flightctl_user;
GRANT UPDATE (review) ON flight_proposals TO flightctl_staff;
CREATE POLICY owner_all ON flight_proposals TO flightctl_owner USING (true) WITH CHECK (true);
CREATE POLICY user_read ON flight_proposals FOR SELECT TO flightctl_user USING (added_by = session_user);
CREATE POLICY staff_read ON flight_proposals FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_decide ON flight_proposals FOR UPDATE TO flightctl_staff USING (true) WITH CHECK (true);

-- What waits is staff's to see; what one said oneself stands in the proposals.
ALTER POLICY user_read ON flights USING (review = 'confirmed');

-- Whether the flight is new in the list; nothing where there is no such flight for this caller.
CREATE OR REPLACE FUNCTION flightctl.track(p_flight_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.flights AS flight
            WHERE flight.flight_id = p_flight_id AND flight.review = 'confirmed')
        AND NOT EXISTS (SELECT FROM public.flight_proposals AS said WHERE said.flight_id = p_flight_id
            AND said.added_by = session_user AND said.review = 'pending') THEN
        RETURN NULL;
    END IF;
    RETURN flightctl.add_to_list(p_flight_id, 'owned', NULL);
END
$$;

-- A manual flight that waits for staff, as this login says; true, or false where that flight is confirmed, which
-- everybody may know. What another login said first, and waits, stays what staff see; the answer is the same.
CREATE OR REPLACE FUNCTION flightctl.propose_flight(p_flight json, p_aliases json, p_changes json) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_flight public.flights := json_populate_record(NULL::public.flights, p_flight);
    v_known public.flights;
    v_said public.flight_proposals;
BEGIN
    IF NOT flightctl.is_readable(to_json(v_flight)) OR NOT flightctl.is_readable(p_aliases)
        OR NOT flightctl.is_readable(p_changes) OR v_flight.flight_id IS DISTINCT FROM concat_ws('.', v_flight.ident,
            to_char(v_flight.departure_date::timestamp, 'YYYY-MM-DD'), v_flight.departure_hhmm, v_flight.origin,
            v_flight.destination) THEN
        PERFORM flightctl.refuse('this is no flight');
    END IF;
    PERFORM FROM public.turns AS turn WHERE turn.what = 'flights' FOR UPDATE;
    SELECT * INTO v_known FROM public.flights AS known WHERE known.flight_id = v_flight.flight_id;
    IF v_known.review = 'confirmed' THEN
        RETURN false;
    END IF;
    SELECT * INTO v_said FROM public.flight_proposals AS said
        WHERE said.flight_id = v_flight.flight_id AND said.added_by = session_user;
    v_flight.review := 'pending';
    v_flight.provider := 'manual';
    v_flight.added_by := session_user;
    v_flight.version := coalesce(v_said.version, 0) + 1;
    v_flight.observed_at := clock_timestamp();
    v_flight.updated_at := v_flight.observed_at;
    IF v_known.flight_id IS NULL THEN
        INSERT INTO public.flights SELECT v_flight.*;
    END IF;
    PERFORM flightctl.write_proposal(v_flight, p_aliases, p_changes);
    IF v_known.review = 'pending' AND v_known.added_by <> session_user THEN
        RETURN true;
    END IF;
    UPDATE public.flights AS known SET review = 'pending', local_date = v_flight.local_date,
        scheduled_out = v_flight.scheduled_out, scheduled_in = v_flight.scheduled_in, added_by = v_flight.added_by,
        note = v_flight.note, version = v_known.version + 1, observed_at = v_flight.observed_at,
        updated_at = v_flight.updated_at
        WHERE known.flight_id = v_known.flight_id;
    INSERT INTO public.flight_aliases (flight_id, alias, kind, departure_date, local_date)
        SELECT v_flight.flight_id, told.alias, told.kind, v_flight.departure_date, v_flight.local_date
        FROM json_to_recordset(p_aliases) AS told (alias text, kind text)
        ON CONFLICT (flight_id, alias) DO UPDATE SET local_date = excluded.local_date;
    INSERT INTO public.flight_changes (flight_id, field, old, new, observed_at, provider)
        SELECT v_flight.flight_id, told.field, told.old, told.new, v_flight.observed_at, 'manual'
        FROM json_to_recordset(p_changes) AS told (field text, old text, new text)
        WHERE v_known.flight_id IS NULL OR told.old IS DISTINCT FROM told.new;
    RETURN true;
END
$$;

-- What this login now says of a flight, and what it has said before; the last of it, where it is very much.
CREATE FUNCTION flightctl.write_proposal(p_flight public.flights, p_aliases json, p_changes json) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_changes jsonb := (
        SELECT coalesce(jsonb_agg(jsonb_build_object('field', told.field, 'old', told.old, 'new', told.new,
            'observed_at', p_flight.observed_at)), '[]')
        FROM json_to_recordset(p_changes) AS told (field text, old text, new text));
    v_said public.flight_proposals;
BEGIN
    DELETE FROM public.flight_proposals AS said
        WHERE said.flight_id = p_flight.flight_id AND said.added_by = session_user RETURNING * INTO v_said;
    IF length(v_said.changes::text) < 20000 THEN
        v_changes := v_said.changes::jsonb || v_changes;
    END IF;
    INSERT INTO public.flight_proposals SELECT p_flight.*,
        CASE WHEN json_array_length(p_aliases) > 0 THEN p_aliases ELSE coalesce(v_said.aliases, '[]') END, v_changes;
END
$$;
REVOKE EXECUTE ON FUNCTION flightctl.write_proposal FROM PUBLIC;
