-- Where a right is more than "which rows": each function decides for the session's login, whatever role is set.
-- All belong to flightctl_owner, who cannot log in, and look up nothing but what they name in full.
CREATE SCHEMA flightctl AUTHORIZATION flightctl_owner;
GRANT USAGE ON SCHEMA flightctl TO flightctl_user;

CREATE FUNCTION flightctl.is_member(p_group text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_catalog.pg_has_role(session_user, p_group, 'USAGE') $$;

-- The moment that counts: the server's, unless service says another one, as for what it learned a moment ago.
CREATE FUNCTION flightctl.moment(p_now timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN flightctl.is_member('flightctl_service') THEN p_now ELSE clock_timestamp() END $$;

CREATE FUNCTION flightctl.refuse(p_why text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = p_why; END $$;

-- Who the caller is, what they may, and what time it is.
CREATE FUNCTION flightctl.me() RETURNS TABLE (user_name text, tier text, role text, moment timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT session_user::text,
        coalesce((SELECT known.tier FROM public.account AS known WHERE known.user_name = session_user), 'basic'),
        CASE WHEN flightctl.is_member('flightctl_service') THEN 'service'
            WHEN flightctl.is_member('flightctl_staff') THEN 'staff' ELSE 'user' END,
        clock_timestamp()
$$;

CREATE FUNCTION flightctl.may_spend(p_provider text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((
        SELECT terms.open_to = 'everyone' OR EXISTS (
            SELECT FROM public.account AS known WHERE known.user_name = session_user AND known.tier = 'subscriber')
        FROM public.provider_terms AS terms WHERE terms.provider = p_provider), false)
$$;

-- Leases ---------------------------------------------------------------------------------------------------------

-- Holds on to the key until the transaction ends, whether or not anybody has ever worked on it.
CREATE FUNCTION flightctl.lock_lease(p_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.leases (key, holder, fence, expires_at) VALUES (p_key, '', 0, 'epoch')
        ON CONFLICT (key) DO NOTHING;
    PERFORM FROM public.leases AS lease WHERE lease.key = p_key FOR UPDATE;
END
$$;

-- Nobody takes what another login holds and has not let run out; service may, where it knows that the holder is gone.
CREATE FUNCTION flightctl.take_lease(p_key text, p_holder text, p_lasts interval, p_now timestamptz)
RETURNS SETOF public.leases
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
    v_lasts interval := least(p_lasts, interval '20 seconds');
BEGIN
    PERFORM flightctl.lock_lease(p_key);
    RETURN QUERY UPDATE public.leases AS lease
        SET holder = p_holder, held_by = session_user, fence = lease.fence + 1, expires_at = v_now + v_lasts,
            failure = '', failed_at = NULL
        WHERE lease.key = p_key AND (lease.held_by IN ('', session_user) OR lease.expires_at <= v_now
            OR flightctl.is_member('flightctl_service'))
        RETURNING lease.*;
END
$$;

CREATE FUNCTION flightctl.keep_lease(p_key text, p_fence integer, p_lasts interval, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE public.leases AS lease
        SET expires_at = flightctl.moment(p_now) + least(p_lasts, interval '20 seconds')
        WHERE lease.key = p_key AND lease.fence = p_fence AND lease.held_by = session_user;
    RETURN FOUND;
END
$$;

CREATE FUNCTION flightctl.release_lease(p_key text, p_fence integer, p_failure text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
BEGIN
    UPDATE public.leases AS lease
        SET expires_at = v_now, failure = p_failure, failed_at = CASE WHEN p_failure <> '' THEN v_now END
        WHERE lease.key = p_key AND lease.fence = p_fence AND lease.held_by = session_user;
    RETURN FOUND;
END
$$;

-- Budget ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION flightctl.lock_account(p_provider text, p_account text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM flightctl.refuse('this is for transactions that see what others have committed');
    END IF;
    INSERT INTO public.provider_accounts (provider, account) VALUES (p_provider, p_account) ON CONFLICT DO NOTHING;
    PERFORM FROM public.provider_accounts AS known
        WHERE known.provider = p_provider AND known.account = p_account FOR UPDATE;
END
$$;

-- Takes units from the budget and writes the call down, at once; nothing where the cycle has not so many left.
CREATE FUNCTION flightctl.reserve_call(p_provider text, p_account text, p_cycle_start text, p_units integer,
    p_limit integer, p_key text, p_cause text, p_cost_micros bigint, p_now timestamptz)
RETURNS TABLE (call_id bigint, used_then integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
    v_limit integer := least(p_limit, (SELECT cap FROM public.provider_terms WHERE provider = p_provider));
BEGIN
    IF NOT flightctl.may_spend(p_provider) THEN
        PERFORM flightctl.refuse('paid calls of this provider are for subscribers');
    END IF;
    PERFORM flightctl.lock_account(p_provider, p_account);
    IF p_units < 1 OR p_units > v_limit OR EXISTS (SELECT FROM public.freezes)
        OR NOT coalesce(flightctl.is_cycle(p_provider, p_cycle_start, v_now), false) THEN
        RETURN;
    END IF;
    INSERT INTO public.budget_cycles AS cycle (provider, account, cycle_start, used)
        VALUES (p_provider, p_account, p_cycle_start, p_units)
        ON CONFLICT (provider, account, cycle_start) DO UPDATE SET used = cycle.used + p_units
            WHERE v_limit IS NULL OR cycle.used + p_units <= v_limit
        RETURNING cycle.used INTO used_then;
    IF FOUND THEN
        INSERT INTO public.upstream_calls AS call
            (provider, account, cycle_start, cache_key, called_at, result, cause, units, cost_micros, paid_by)
            VALUES (p_provider, p_account, p_cycle_start, p_key, v_now, 'sent', p_cause, p_units, p_cost_micros,
                session_user)
            RETURNING call.id INTO call_id;
        RETURN NEXT;
    END IF;
END
$$;

-- The first day of the cycle that a day is in: on this day of the month, or the last one of a shorter month.
CREATE FUNCTION flightctl.cycle_start(p_start_day integer, p_today date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(max(start), 'YYYY-MM-DD')
    FROM (SELECT date_trunc('month', p_today::timestamp)) AS this (month),
        LATERAL (VALUES (this.month), (this.month - interval '1 month')) AS month (first),
        LATERAL (SELECT least(month.first + (p_start_day - 1) * interval '1 day',
            month.first + interval '1 month' - interval '1 day') AS start) AS cycle
    WHERE start <= p_today::timestamp
$$;

-- Everybody's cycle turns on the same day, in the one spelling: nobody gets a second budget by naming another.
CREATE FUNCTION flightctl.is_cycle(p_provider text, p_start text, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p_start IN (
            flightctl.cycle_start(terms.cycle_start_day, today),
            -- A moment after midnight the caller's clock may still be on the day before.
            flightctl.cycle_start(terms.cycle_start_day, (p_now AT TIME ZONE 'UTC' - interval '1 minute')::date))
    FROM public.provider_terms AS terms, (SELECT (p_now AT TIME ZONE 'UTC')::date AS today) AS moment
    WHERE terms.provider = p_provider
$$;

CREATE FUNCTION flightctl.is_own_call(p_call bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM public.upstream_calls AS call WHERE call.id = p_call AND call.result = 'sent'
        AND (call.paid_by = session_user OR flightctl.is_member('flightctl_service')))
$$;

CREATE FUNCTION flightctl.settle_call(p_call bigint, p_result text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT flightctl.is_own_call(p_call) THEN
        RETURN false;
    END IF;
    UPDATE public.upstream_calls AS call SET result = p_result, ended_at = flightctl.moment(p_now)
        WHERE call.id = p_call;
    RETURN true;
END
$$;

-- The call never reached the provider: its units go back to the cycle that they were taken from.
CREATE FUNCTION flightctl.waive_call(p_call bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_call public.upstream_calls;
BEGIN
    SELECT * INTO v_call FROM public.upstream_calls AS call WHERE call.id = p_call AND call.units > 0
        AND (call.paid_by = session_user OR flightctl.is_member('flightctl_service'))
        AND (call.ended_at IS NULL OR call.ended_at > clock_timestamp() - interval '2 minutes'
            OR flightctl.is_member('flightctl_service'))
        AND NOT call.is_used FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE public.budget_cycles AS cycle SET used = cycle.used - v_call.units
        WHERE (cycle.provider, cycle.account, cycle.cycle_start)
            = (v_call.provider, v_call.account, v_call.cycle_start);
    UPDATE public.upstream_calls AS call SET units = 0, cost_micros = 0 WHERE call.id = p_call;
    RETURN true;
END
$$;

-- What was learned of an account: a hold, the breaker. Only who has just called it has anything to say.
CREATE FUNCTION flightctl.set_account(p_provider text, p_account text, p_hold text, p_not_before timestamptz,
    p_next_probe_at timestamptz, p_closed_at timestamptz, p_pages_refused_at timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT flightctl.is_member('flightctl_service') AND NOT EXISTS (
        SELECT FROM public.upstream_calls AS call WHERE call.provider = p_provider AND call.account = p_account
            AND call.paid_by = session_user AND call.called_at > clock_timestamp() - interval '2 minutes') THEN
        PERFORM flightctl.refuse('only who has just called this account may say how it went');
    END IF;
    PERFORM flightctl.lock_account(p_provider, p_account);
    UPDATE public.provider_accounts AS known SET hold = p_hold, not_before = p_not_before,
        next_probe_at = p_next_probe_at, closed_at = p_closed_at, pages_refused_at = p_pages_refused_at
        WHERE known.provider = p_provider AND known.account = p_account;
END
$$;

-- Counters, each batch once ------------------------------------------------------------------------------------------

CREATE FUNCTION flightctl.hand_over_counts(p_batch uuid, p_counts jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.counter_batches (batch_id, handed_by) VALUES (p_batch, session_user) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO public.lookup_counts AS counted (hour, bucket, source, n)
        SELECT one.hour, one.bucket, one.source, least(sum(one.n), 1000000)
        FROM jsonb_to_recordset(p_counts) AS one (hour text, bucket text, source text, n integer)
        WHERE one.n > 0
        GROUP BY one.hour, one.bucket, one.source
        ORDER BY one.hour, one.bucket, one.source
        ON CONFLICT (hour, bucket, source) DO UPDATE SET n = least(counted.n::bigint + excluded.n, 2147483647);
    RETURN true;
END
$$;

-- What callers without the service role paid for ----------------------------------------------------------------------

-- Demands the key's lease and a reserved call for it that has not ended; stores what is about this key only, records
-- who paid, and returns how many routes were stored.
CREATE FUNCTION flightctl.bring_in_routes(p_call bigint, p_key text, p_fence integer, p_provider text, p_routes json,
    p_now timestamptz)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
    v_route record;
    v_before public.aviationstack_cache;
    v_stored integer := 0;
    v_stood json;
BEGIN
    PERFORM flightctl.demand_paid_turn(p_call, p_key, p_fence, p_provider);
    FOR v_route IN
        SELECT 'flight:' || one.flight AS cache_key, one.* FROM json_to_recordset(p_routes)
            AS one (flight text, airline text, departure text, arrival text, legs json, payload json)
        WHERE one.flight ~ '^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?$' AND one.airline ~ '^[A-Z0-9]{2}$'
            AND one.departure ~ '^[A-Z]{3}$' AND one.arrival ~ '^[A-Z]{3}$'
            AND (p_key = 'flight:' || one.flight
                OR one.flight ~ ('^' || substr(p_key, 9) || '[0-9]') AND p_key ~ '^airline:[A-Z0-9]{2,3}$')
        ORDER BY 1
    LOOP
        SELECT * INTO v_before FROM public.aviationstack_cache AS entry WHERE entry.cache_key = v_route.cache_key
            FOR UPDATE;
        CONTINUE WHEN v_before.status = 'confirmed' AND v_before.refreshed_at > v_now
            AND v_before.refreshed_at <= v_now + interval '1 minute';
        v_stood := (to_jsonb(v_before) || jsonb_build_object('legs', (
            SELECT jsonb_agg(jsonb_build_array(leg.departure_iata, leg.arrival_iata) ORDER BY leg.position)
            FROM public.route_legs AS leg WHERE leg.cache_key = v_route.cache_key)))::json;
        INSERT INTO public.aviationstack_cache AS entry (cache_key, flight_iata, airline_iata, departure_iata,
            arrival_iata, status, payload_source, provider, cached_at, refreshed_at, created_at, updated_at)
            VALUES (v_route.cache_key, v_route.flight, v_route.airline, v_route.departure, v_route.arrival,
                'confirmed', v_route.payload, p_provider, v_now, v_now, v_now, v_now)
            ON CONFLICT (cache_key) DO UPDATE SET airline_iata = excluded.airline_iata,
                departure_iata = excluded.departure_iata, arrival_iata = excluded.arrival_iata, status = 'confirmed',
                payload_source = excluded.payload_source, provider = excluded.provider,
                refreshed_at = excluded.refreshed_at, updated_at = excluded.updated_at;
        DELETE FROM public.route_legs AS leg WHERE leg.cache_key = v_route.cache_key;
        INSERT INTO public.route_legs (cache_key, position, departure_iata, arrival_iata)
            SELECT v_route.cache_key, leg.position - 1, leg.ends ->> 0, leg.ends ->> 1
            FROM json_array_elements(v_route.legs) WITH ORDINALITY AS leg (ends, position)
            WHERE json_array_length(v_route.legs) BETWEEN 2 AND 20
                AND leg.ends ->> 0 ~ '^[A-Z]{3}$' AND leg.ends ->> 1 ~ '^[A-Z]{3}$';
        DELETE FROM public.absences AS absence WHERE absence.cache_key = v_route.cache_key;
        UPDATE public.proposals AS proposal SET decision = 'settled', decided_by = p_provider, decided_at = v_now
            WHERE proposal.cache_key = v_route.cache_key AND proposal.decision IS NULL
                AND (proposal.airline_iata, proposal.departure_iata, proposal.arrival_iata)
                    = (v_route.airline, v_route.departure, v_route.arrival);
        INSERT INTO public.contributions (cache_key, paid_by, call_id, brought_at, brought, stood_before)
            VALUES (v_route.cache_key, session_user, p_call, v_now, to_json(v_route), v_stood);
        v_stored := v_stored + 1;
    END LOOP;
    RETURN v_stored;
END
$$;

CREATE FUNCTION flightctl.demand_paid_turn(p_call bigint, p_key text, p_fence integer, p_provider text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM public.leases AS lease WHERE lease.key = p_key AND lease.fence = p_fence
        AND lease.held_by = session_user FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM flightctl.refuse('what is brought in needs the lease of its key');
    END IF;
    UPDATE public.upstream_calls AS call SET is_used = true
        WHERE call.id = p_call AND call.result = 'sent' AND call.units > 0
        AND call.paid_by = session_user AND call.cache_key = p_key AND call.provider = p_provider;
    IF NOT FOUND THEN
        PERFORM flightctl.refuse('what is brought in needs a reserved call');
    END IF;
END
$$;

-- That upstream does not know the flight; a fresh entry says otherwise, and stays.
CREATE FUNCTION flightctl.bring_in_absence(p_call bigint, p_key text, p_fence integer, p_provider text,
    p_lasts interval, p_fresh_for interval, p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
BEGIN
    PERFORM flightctl.demand_paid_turn(p_call, p_key, p_fence, p_provider);
    IF EXISTS (SELECT FROM public.aviationstack_cache AS entry WHERE entry.cache_key = p_key
        AND entry.status = 'confirmed'
        AND entry.refreshed_at > v_now - greatest(least(p_fresh_for, interval '30 days'), interval '1 day')) THEN
        RETURN false;
    END IF;
    INSERT INTO public.absences (cache_key, provider, learned_at, expires_at)
        VALUES (p_key, p_provider, v_now, v_now + least(p_lasts, interval '1 day'))
        ON CONFLICT (cache_key) DO UPDATE SET provider = excluded.provider, learned_at = excluded.learned_at,
            expires_at = excluded.expires_at;
    RETURN true;
END
$$;

-- Puts back what stood before; nothing where somebody has said something else since.
CREATE FUNCTION flightctl.undo_contribution(p_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_one public.contributions;
    v_is_undone boolean;
BEGIN
    SELECT * INTO v_one FROM public.contributions AS one WHERE one.id = p_id AND one.undone_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_is_undone := CASE WHEN v_one.cache_key LIKE 'dated:%' THEN flightctl.undo_flights(v_one)
        ELSE flightctl.undo_route(v_one) END;
    UPDATE public.contributions AS one SET undone_by = session_user, undone_at = clock_timestamp()
        WHERE one.id = p_id AND v_is_undone;
    RETURN v_is_undone;
END
$$;

CREATE FUNCTION flightctl.undo_route(p_one public.contributions) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before public.aviationstack_cache
        := json_populate_record(NULL::public.aviationstack_cache, p_one.stood_before);
BEGIN
    DELETE FROM public.aviationstack_cache AS entry
        WHERE entry.cache_key = p_one.cache_key AND entry.refreshed_at = p_one.brought_at;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF v_before.cache_key IS NOT NULL THEN
        INSERT INTO public.aviationstack_cache SELECT v_before.*;
        INSERT INTO public.route_legs (cache_key, position, departure_iata, arrival_iata)
            SELECT p_one.cache_key, leg.position - 1, leg.ends ->> 0, leg.ends ->> 1
            FROM jsonb_array_elements(nullif(p_one.stood_before::jsonb -> 'legs', 'null'))
                WITH ORDINALITY AS leg (ends, position);
    END IF;
    RETURN true;
END
$$;

-- Flights that were new go, unless somebody lists them; others get back the values that they had. What was told stays
-- in their history.
CREATE FUNCTION flightctl.undo_flights(p_one public.contributions) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_before public.flights;
BEGIN
    PERFORM FROM public.turns AS turn WHERE turn.what = 'flights' FOR UPDATE;
    IF EXISTS (SELECT FROM public.flights AS flight JOIN json_array_elements_text(p_one.brought -> 'stored') AS stored (id)
            ON flight.flight_id = stored.id WHERE flight.updated_at > p_one.brought_at) THEN
        RETURN false;
    END IF;
    FOR v_before IN SELECT (json_populate_recordset(NULL::public.flights, p_one.stood_before)).* LOOP
        UPDATE public.flights AS known SET (
            local_date, flight_iata, origin_iata, origin_icao, origin_zone, destination_iata, destination_icao,
            destination_zone, status, provider_status, scheduled_out, estimated_out, actual_out, scheduled_off,
            estimated_off, actual_off, scheduled_on, estimated_on, actual_on, scheduled_in, estimated_in, actual_in,
            departure_gate, departure_terminal, arrival_gate, arrival_terminal, aircraft_type, diverted_to,
            provider, observed_at, updated_at, version, review, added_by, note
        ) = (
            v_before.local_date, v_before.flight_iata, v_before.origin_iata, v_before.origin_icao,
            v_before.origin_zone, v_before.destination_iata, v_before.destination_icao, v_before.destination_zone,
            v_before.status, v_before.provider_status, v_before.scheduled_out, v_before.estimated_out,
            v_before.actual_out, v_before.scheduled_off, v_before.estimated_off, v_before.actual_off,
            v_before.scheduled_on, v_before.estimated_on, v_before.actual_on, v_before.scheduled_in,
            v_before.estimated_in, v_before.actual_in, v_before.departure_gate, v_before.departure_terminal,
            v_before.arrival_gate, v_before.arrival_terminal, v_before.aircraft_type, v_before.diverted_to,
            v_before.provider, v_before.observed_at, v_before.updated_at, v_before.version, v_before.review,
            v_before.added_by, v_before.note
        ) WHERE known.flight_id = v_before.flight_id;
        UPDATE public.flight_aliases AS name SET local_date = v_before.local_date
            WHERE name.flight_id = v_before.flight_id;
    END LOOP;
    DELETE FROM public.flight_aliases AS name
        USING jsonb_array_elements(p_one.stood_before::jsonb) AS stood (flight)
        WHERE name.flight_id = stood.flight ->> 'flight_id' AND NOT stood.flight -> 'aliases' ? name.alias;
    DELETE FROM public.flights AS flight
        USING json_array_elements_text(p_one.brought -> 'stored') AS stored (id)
        WHERE flight.flight_id = stored.id
            AND NOT EXISTS (SELECT FROM json_to_recordset(p_one.stood_before) AS stood (flight_id text)
                WHERE stood.flight_id = flight.flight_id)
            AND NOT EXISTS (SELECT FROM public.user_flights AS entry WHERE entry.flight_id = flight.flight_id)
            AND NOT EXISTS (SELECT FROM public.shares AS share WHERE share.flight_id = flight.flight_id);
    DELETE FROM public.asked_days AS asked WHERE asked.designator = split_part(p_one.cache_key, ':', 2)
        AND asked.departure_date = split_part(p_one.cache_key, ':', 3)::date;
    RETURN true;
END
$$;

-- Manual entries -------------------------------------------------------------------------------------------------------

-- Answers alike whatever waits already: the number is a new one even where the same was proposed before. Nothing where
-- the flight is confirmed, which everybody may know.
CREATE FUNCTION flightctl.propose_route(p_flight text, p_airline text, p_departure text, p_arrival text, p_note text,
    p_replaces boolean, p_now timestamptz)
RETURNS TABLE (proposal_id integer, proposed_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := flightctl.moment(p_now);
    v_key text := 'flight:' || p_flight;
    v_id integer := nextval('public.proposals_id_seq');
BEGIN
    IF num_nulls(p_flight, p_airline, p_departure, p_arrival, p_note, p_replaces) > 0 OR length(p_note) > 1000
        OR p_flight !~ '^[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?$' OR p_airline !~ '^[A-Z0-9]{2}$'
        OR p_departure !~ '^[A-Z]{3}$' OR p_arrival !~ '^[A-Z]{3}$' THEN
        PERFORM flightctl.refuse('this is no route');
    END IF;
    IF p_replaces AND NOT flightctl.is_member('flightctl_staff') THEN
        PERFORM flightctl.refuse('--replace is for staff');
    END IF;
    IF NOT p_replaces AND EXISTS (SELECT FROM public.aviationstack_cache AS entry
        WHERE entry.cache_key = v_key AND entry.status = 'confirmed') THEN
        RETURN;
    END IF;
    INSERT INTO public.aviationstack_cache (cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, status,
        provider, cached_at, refreshed_at, created_at, updated_at)
        VALUES (v_key, p_flight, p_airline, p_departure, p_arrival, 'pending', 'manual', v_now, v_now, v_now, v_now)
        ON CONFLICT (cache_key) DO NOTHING;
    -- One at a time for this flight, so that the same is not written twice.
    PERFORM FROM public.aviationstack_cache AS entry WHERE entry.cache_key = v_key FOR UPDATE;
    IF NOT EXISTS (SELECT FROM public.proposals AS proposal WHERE proposal.cache_key = v_key
        AND proposal.decision IS NULL AND proposal.proposed_by = session_user
        AND (proposal.airline_iata, proposal.departure_iata, proposal.arrival_iata)
            = (p_airline, p_departure, p_arrival)) THEN
        INSERT INTO public.proposals (id, cache_key, flight_iata, airline_iata, departure_iata, arrival_iata, note,
            replaces, proposed_by, proposed_at)
            VALUES (v_id, v_key, p_flight, p_airline, p_departure, p_arrival, p_note, p_replaces, session_user, v_now);
    END IF;
    RETURN QUERY SELECT v_id, v_now;
END
$$;

-- Lists and shares ------------------------------------------------------------------------------------------------------

CREATE FUNCTION flightctl.add_to_list(p_flight_id text, p_kind text, p_snapshot json) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_listed boolean;
BEGIN
    IF session_user !~ '^[A-Za-z0-9_-]{1,63}$' THEN
        PERFORM flightctl.refuse('this login cannot own a list');
    END IF;
    -- The count of the flight is held first, so that a list, the index and the count change together.
    INSERT INTO public.flight_watcher_counts (flight_id, users) VALUES (p_flight_id, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM public.flight_watcher_counts AS counted WHERE counted.flight_id = p_flight_id FOR UPDATE;
    v_listed := EXISTS (SELECT FROM public.user_flights AS entry
        WHERE entry.user_id = session_user AND entry.flight_id = p_flight_id);
    INSERT INTO public.user_flights (user_id, flight_id, kind, added_at, seen_change, snapshot)
        VALUES (session_user, p_flight_id, p_kind, clock_timestamp(), coalesce((
            SELECT max(change.id) FROM public.flight_changes AS change WHERE change.flight_id = p_flight_id), 0),
            p_snapshot)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('flightctl', '');
    IF NOT v_listed THEN
        INSERT INTO public.flight_watchers (flight_id, user_id) VALUES (p_flight_id, session_user);
        UPDATE public.flight_watcher_counts AS counted SET users = counted.users + 1
            WHERE counted.flight_id = p_flight_id;
    END IF;
    RETURN true;
END
$$;

-- Whether the flight is new in the list; nothing where there is no such flight for this caller.
CREATE FUNCTION flightctl.track(p_flight_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.flights AS flight WHERE flight.flight_id = p_flight_id
        AND (flight.review = 'confirmed' OR flight.review = 'pending' AND flight.added_by = session_user)) THEN
        RETURN NULL;
    END IF;
    RETURN flightctl.add_to_list(p_flight_id, 'owned', NULL);
END
$$;

-- How many entries went; of one kind, or of both where none is named.
CREATE FUNCTION flightctl.untrack(p_flight_id text, p_kind text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_gone integer;
BEGIN
    PERFORM FROM public.flight_watcher_counts AS counted WHERE counted.flight_id = p_flight_id FOR UPDATE;
    DELETE FROM public.user_flights AS entry WHERE entry.user_id = session_user AND entry.flight_id = p_flight_id
        AND (p_kind IS NULL OR entry.kind = p_kind);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    PERFORM pg_notify('flightctl', '');
    IF v_gone > 0 AND NOT EXISTS (SELECT FROM public.user_flights AS entry
        WHERE entry.user_id = session_user AND entry.flight_id = p_flight_id) THEN
        DELETE FROM public.flight_watchers AS watching
            WHERE watching.flight_id = p_flight_id AND watching.user_id = session_user;
        UPDATE public.flight_watcher_counts AS counted SET users = counted.users - 1
            WHERE counted.flight_id = p_flight_id;
    END IF;
    RETURN v_gone;
END
$$;

-- A pending share of a flight on one's own list, by the server's clock; nothing where it is not on it.
CREATE FUNCTION flightctl.make_share(p_flight_id text, p_token_sha256 text, p_snapshot json, p_lasts interval)
RETURNS TABLE (share_id text, created_at timestamptz, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF p_token_sha256 !~ '^[0-9a-f]{64}$' OR p_lasts <= interval '0'
        OR p_snapshot ->> 'flight_id' IS DISTINCT FROM p_flight_id THEN
        PERFORM flightctl.refuse('this is no share');
    END IF;
    IF NOT EXISTS (SELECT FROM public.user_flights AS entry
        WHERE entry.user_id = session_user AND entry.flight_id = p_flight_id) THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now)
        INSERT INTO public.shares AS made
            (share_id, sharer_id, flight_id, status, token_sha256, snapshot, created_at, expires_at)
        SELECT gen_random_uuid()::text, session_user, p_flight_id, 'pending', p_token_sha256, p_snapshot, moment.now,
            moment.now + p_lasts
        FROM moment
        RETURNING made.share_id, made.created_at, made.expires_at;
END
$$;

-- Exactly one claimant wins, and gets the same again; unknown, used, expired, revoked and throttled look alike: nothing.
CREATE FUNCTION flightctl.claim_share(p_token_sha256 text) RETURNS TABLE (share_id text, snapshot json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_share public.shares;
    v_turn text := 'claims of ' || session_user;
BEGIN
    -- A user's claims one after the other: a hundred at once would all find the limit not reached.
    INSERT INTO public.turns (what) VALUES (v_turn) ON CONFLICT DO NOTHING;
    PERFORM FROM public.turns AS turn WHERE turn.what = v_turn FOR UPDATE;
    IF (SELECT count(*) FROM public.claim_failures AS failure WHERE failure.user_id = session_user
            AND failure.failed_at > clock_timestamp() - interval '1 hour')
        >= (SELECT terms.max_failed_claims FROM public.sharing_terms AS terms) THEN
        RETURN;
    END IF;
    SELECT * INTO v_share FROM public.shares AS share WHERE share.token_sha256 = p_token_sha256
        ORDER BY share.created_at LIMIT 1 FOR UPDATE;
    IF v_share.status = 'pending' AND v_share.expires_at > clock_timestamp() THEN
        UPDATE public.shares AS share SET status = 'claimed', claimed_at = clock_timestamp()
            WHERE share.share_id = v_share.share_id;
        INSERT INTO public.share_claims (share_id, user_id) VALUES (v_share.share_id, session_user);
        PERFORM flightctl.add_to_list(v_share.flight_id, 'shared', v_share.snapshot);
        RETURN QUERY SELECT v_share.share_id, v_share.snapshot;
    ELSIF v_share.status = 'claimed' AND EXISTS (SELECT FROM public.share_claims AS claim
        WHERE claim.share_id = v_share.share_id AND claim.user_id = session_user) THEN
        RETURN QUERY SELECT v_share.share_id, v_share.snapshot;
    ELSE
        DELETE FROM public.claim_failures AS failure WHERE failure.user_id = session_user
            AND failure.failed_at <= clock_timestamp() - interval '1 hour';
        INSERT INTO public.claim_failures (user_id, failed_at) VALUES (session_user, clock_timestamp());
    END IF;
END
$$;

-- Dated flights that somebody paid for ---------------------------------------------------------------------------------

-- Only one at a time takes up reports, so that none is entered twice: service, staff who decide, or who has paid.
CREATE FUNCTION flightctl.lock_flights(p_call bigint, p_key text, p_fence integer, p_provider text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT flightctl.is_member('flightctl_staff') THEN
        PERFORM flightctl.demand_paid_turn(p_call, p_key, p_fence, p_provider);
    END IF;
    PERFORM FROM public.turns AS turn WHERE turn.what = 'flights' FOR UPDATE;
END
$$;

-- Whether a program could read it: days and moments with an end, in years of four digits, and nothing endless.
CREATE FUNCTION flightctl.is_readable(p_told json) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT length(p_told::text) <= 4000
        AND p_told::text !~ '"(-?infinity"|[0-9]{5,}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}[^"]* BC")'
$$;

-- Whether a flight is about what the key asks for: it goes by its number, and leaves within three days of its day.
CREATE FUNCTION flightctl.is_about(p_key text, p_flight_id text, p_departs date, p_aliases json) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT abs(p_departs - split_part(p_key, ':', 3)::date) <= 3 AND (
        EXISTS (SELECT FROM public.flight_aliases AS known
            WHERE known.flight_id = p_flight_id AND known.alias = split_part(p_key, ':', 2))
        OR EXISTS (SELECT FROM json_to_recordset(p_aliases) AS told (flight_id text, alias text)
            WHERE told.flight_id = p_flight_id AND told.alias = split_part(p_key, ':', 2)))
$$;

-- The manual flight that waits, and that this one, told by a provider, is: the payer did not see it.
CREATE FUNCTION flightctl.waiting_for(p_flight public.flights, p_aliases json) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT waits.flight_id FROM public.flights AS waits
    WHERE waits.review = 'pending' AND (waits.origin, waits.destination) = (p_flight.origin, p_flight.destination)
        AND abs(extract(epoch FROM waits.scheduled_out - coalesce(p_flight.scheduled_out, p_flight.scheduled_off)))
            <= 12 * 3600
        AND EXISTS (SELECT FROM public.flight_aliases AS known
            JOIN json_to_recordset(p_aliases) AS told (flight_id text, alias text)
                ON told.alias = known.alias AND told.flight_id = p_flight.flight_id
            WHERE known.flight_id = waits.flight_id AND known.kind IN ('designator', 'codeshare'))
    ORDER BY abs(extract(epoch FROM waits.scheduled_out - coalesce(p_flight.scheduled_out, p_flight.scheduled_off))),
        waits.flight_id
    LIMIT 1
$$;

-- Stores what was recognised in an answer: new flights, new values, changes and names; what is not about the key is
-- left out. A manual flight that waited, and is this one, is confirmed under its own id.
CREATE FUNCTION flightctl.bring_in_flights(p_call bigint, p_key text, p_fence integer, p_provider text,
    p_written json)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_flight public.flights;
    v_known public.flights;
    v_id text;
    v_ids jsonb := '{}';
    v_before jsonb := '[]';
BEGIN
    PERFORM flightctl.demand_paid_turn(p_call, p_key, p_fence, p_provider);
    IF p_key !~ '^dated:[A-Z0-9]{2,8}:[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
        PERFORM flightctl.refuse('flights are brought in under the key of a day');
    END IF;
    PERFORM FROM public.turns AS turn WHERE turn.what = 'flights' FOR UPDATE;
    FOR v_flight IN SELECT (json_populate_recordset(NULL::public.flights, p_written -> 'flights')).* LOOP
        CONTINUE WHEN coalesce(v_flight.provider <> p_provider
            OR v_flight.flight_id <> concat_ws('.', v_flight.ident, to_char(v_flight.departure_date::timestamp, 'YYYY-MM-DD'),
                v_flight.departure_hhmm, v_flight.origin, v_flight.destination)
            OR v_flight.flight_id !~ '^[A-Z0-9]{3,8}[.][0-9-]{10}[.][0-9]{4}[.][A-Z0-9]{3,4}[.][A-Z0-9]{3,4}$'
            OR NOT flightctl.is_readable(to_json(v_flight))
            OR NOT flightctl.is_about(p_key, v_flight.flight_id, v_flight.departure_date, p_written -> 'aliases')
                AND NOT flightctl.is_about(p_key, v_flight.flight_id, v_flight.local_date, p_written -> 'aliases'),
            true);
        v_flight.observed_at := least(v_flight.observed_at, clock_timestamp());
        v_flight.updated_at := clock_timestamp();
        SELECT * INTO v_known FROM public.flights AS known WHERE known.flight_id = v_flight.flight_id;
        v_id := CASE WHEN v_known.review = 'confirmed' OR flightctl.is_member('flightctl_staff') THEN v_known.flight_id
            ELSE flightctl.waiting_for(v_flight, p_written -> 'aliases') END;
        v_id := coalesce(v_id, flightctl.waiting_for(v_flight, p_written -> 'aliases'));
        -- Its id is that of a manual flight that it is not taken for; that is staff's to see.
        CONTINUE WHEN v_id IS NULL AND v_known.flight_id IS NOT NULL;
        IF v_id IS NULL THEN
            v_id := v_flight.flight_id;
            v_flight.review := 'confirmed';
            v_flight.added_by := '';
            v_flight.note := '';
            v_flight.version := 1;
            INSERT INTO public.flights SELECT v_flight.*;
        ELSE
            SELECT v_before || (to_jsonb(known) || jsonb_build_object('aliases', (
                SELECT coalesce(jsonb_agg(name.alias), '[]') FROM public.flight_aliases AS name
                WHERE name.flight_id = v_id)))
                INTO v_before FROM public.flights AS known WHERE known.flight_id = v_id;
            UPDATE public.flights AS known SET review = 'confirmed', (
                local_date, flight_iata, origin_iata, origin_icao, origin_zone, destination_iata, destination_icao,
                destination_zone, status, provider_status, scheduled_out, estimated_out, actual_out, scheduled_off,
                estimated_off, actual_off, scheduled_on, estimated_on, actual_on, scheduled_in, estimated_in,
                actual_in, departure_gate, departure_terminal, arrival_gate, arrival_terminal, aircraft_type,
                diverted_to, provider, observed_at, updated_at
            ) = (
                v_flight.local_date, v_flight.flight_iata, v_flight.origin_iata, v_flight.origin_icao,
                v_flight.origin_zone, v_flight.destination_iata, v_flight.destination_icao,
                v_flight.destination_zone, v_flight.status, v_flight.provider_status, v_flight.scheduled_out,
                v_flight.estimated_out, v_flight.actual_out, v_flight.scheduled_off, v_flight.estimated_off,
                v_flight.actual_off, v_flight.scheduled_on, v_flight.estimated_on, v_flight.actual_on,
                v_flight.scheduled_in, v_flight.estimated_in, v_flight.actual_in, v_flight.departure_gate,
                v_flight.departure_terminal, v_flight.arrival_gate, v_flight.arrival_terminal,
                v_flight.aircraft_type, v_flight.diverted_to, v_flight.provider, v_flight.observed_at,
                v_flight.updated_at
            ), version = known.version + 1 WHERE known.flight_id = v_id;
            UPDATE public.flight_aliases AS name SET local_date = v_flight.local_date WHERE name.flight_id = v_id;
        END IF;
        v_ids := v_ids || jsonb_build_object(v_flight.flight_id, v_id);
    END LOOP;
    INSERT INTO public.flight_aliases (flight_id, alias, kind, departure_date, local_date)
        SELECT flight.flight_id, told.alias, told.kind, flight.departure_date, flight.local_date
        FROM json_to_recordset(p_written -> 'aliases') AS told (flight_id text, alias text, kind text)
        JOIN public.flights AS flight ON flight.flight_id = v_ids ->> told.flight_id
        WHERE told.alias ~ '^[ -~]{1,100}$' AND told.kind ~ '^[a-z]{1,20}$'
        ON CONFLICT DO NOTHING;
    INSERT INTO public.flight_changes (flight_id, field, old, new, observed_at, provider)
        SELECT v_ids ->> told.flight_id, told.field, told.old, told.new, least(told.observed_at, clock_timestamp()),
            p_provider
        FROM json_to_recordset(p_written -> 'changes')
            AS told (flight_id text, field text, old text, new text, observed_at timestamptz)
        WHERE v_ids ? told.flight_id AND flightctl.is_readable(to_json(told));
    INSERT INTO public.contributions (cache_key, paid_by, call_id, brought_at, brought, stood_before)
        VALUES (p_key, session_user, p_call, clock_timestamp(),
            (p_written::jsonb || jsonb_build_object('stored', (SELECT coalesce(jsonb_agg(value), '[]') FROM jsonb_each(v_ids))))::json,
            v_before);
    PERFORM pg_notify('flightctl', '');
    RETURN (SELECT count(*) FROM jsonb_object_keys(v_ids));
END
$$;

-- A manual flight that waits for staff, as this login says; true, or false where that flight is confirmed, which
-- everybody may know. What waits already under the same id is replaced, whoever said it.
CREATE FUNCTION flightctl.propose_flight(p_flight json, p_aliases json, p_changes json) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_flight public.flights := json_populate_record(NULL::public.flights, p_flight);
    v_known public.flights;
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
    v_flight.review := 'pending';
    v_flight.provider := 'manual';
    v_flight.added_by := session_user;
    v_flight.version := coalesce(v_known.version, 0) + 1;
    v_flight.observed_at := clock_timestamp();
    v_flight.updated_at := v_flight.observed_at;
    IF v_known.flight_id IS NULL THEN
        INSERT INTO public.flights SELECT v_flight.*;
    ELSE
        UPDATE public.flights AS known SET review = 'pending', local_date = v_flight.local_date,
            scheduled_out = v_flight.scheduled_out, scheduled_in = v_flight.scheduled_in, added_by = v_flight.added_by,
            note = v_flight.note, version = v_flight.version, observed_at = v_flight.observed_at,
            updated_at = v_flight.updated_at
            WHERE known.flight_id = v_flight.flight_id;
    END IF;
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

-- That the day was asked for, under the number of the key and what else its flights go by.
CREATE FUNCTION flightctl.bring_in_asked_day(p_call bigint, p_key text, p_fence integer, p_provider text,
    p_names text[], p_day date, p_absent_for interval, p_is_cut boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_number text := split_part(p_key, ':', 2);
BEGIN
    PERFORM flightctl.demand_paid_turn(p_call, p_key, p_fence, p_provider);
    IF abs(p_day - split_part(p_key, ':', 3)::date) > 1 THEN
        RETURN false;
    END IF;
    INSERT INTO public.asked_days (designator, departure_date, provider, asked_at, absent_until, is_cut)
        SELECT DISTINCT name, p_day, p_provider, clock_timestamp(),
            CASE WHEN p_absent_for IS NOT NULL THEN clock_timestamp() + least(p_absent_for, interval '1 day') END,
            p_is_cut
        FROM unnest(p_names) AS name
        WHERE name = v_number OR EXISTS (
            SELECT FROM public.flight_aliases AS mine JOIN public.flight_aliases AS theirs USING (flight_id)
                JOIN public.flights AS flight USING (flight_id)
            WHERE flight.review = 'confirmed' AND mine.alias = v_number AND theirs.alias = name
                AND theirs.kind = 'designator')
        ON CONFLICT (designator, departure_date) DO UPDATE SET provider = excluded.provider,
            asked_at = excluded.asked_at, absent_until = excluded.absent_until, is_cut = excluded.is_cut;
    RETURN FOUND;
END
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA flightctl FROM PUBLIC;
GRANT EXECUTE ON FUNCTION flightctl.me, flightctl.is_member, flightctl.lock_lease, flightctl.take_lease,
    flightctl.keep_lease, flightctl.release_lease, flightctl.lock_account, flightctl.reserve_call,
    flightctl.settle_call, flightctl.waive_call, flightctl.set_account, flightctl.hand_over_counts,
    flightctl.bring_in_routes, flightctl.bring_in_absence, flightctl.propose_route, flightctl.track,
    flightctl.untrack, flightctl.make_share, flightctl.claim_share, flightctl.lock_flights,
    flightctl.bring_in_flights, flightctl.bring_in_asked_day, flightctl.propose_flight
    TO flightctl_user;
GRANT EXECUTE ON FUNCTION flightctl.undo_contribution TO flightctl_staff;
