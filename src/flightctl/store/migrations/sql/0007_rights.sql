-- Who may do what to which rows; docs/access.md says the same for people, and the tests hold the two together.
-- Nobody has TRUNCATE, REFERENCES or TRIGGER; what stands in no policy is refused.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tableowner = current_user LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON public.%I FROM PUBLIC', name);
        EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE pg_catalog.format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
        -- The owner cannot log in: these are the functions of schema flightctl, and upgrades.
        EXECUTE pg_catalog.format(
            'CREATE POLICY owner_all ON public.%I TO flightctl_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Read by everybody who may log in.
GRANT SELECT ON alembic_version, airlines, airports, reference_versions, absences, asked_days, lookup_counts,
    lookup_history, budget_cycles, provider_accounts, freezes, provider_terms, sharing_terms TO flightctl_user;
-- Not which login works on a key.
GRANT SELECT (key, holder, fence, expires_at, failure, failed_at) ON leases TO flightctl_user;
CREATE POLICY user_read ON alembic_version FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON airlines FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON airports FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON reference_versions FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON absences FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON asked_days FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON leases FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON lookup_counts FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON lookup_history FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON budget_cycles FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON provider_accounts FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON freezes FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON provider_terms FOR SELECT TO flightctl_user USING (true);
CREATE POLICY user_read ON sharing_terms FOR SELECT TO flightctl_user USING (true);

-- Routes: what is confirmed is everybody's, what is pending staff's; a provider's word is written by service only.
GRANT SELECT ON aviationstack_cache, route_legs TO flightctl_user;
GRANT INSERT, UPDATE, DELETE ON aviationstack_cache TO flightctl_staff;
GRANT INSERT, DELETE ON route_legs TO flightctl_staff;
GRANT UPDATE ON route_legs TO flightctl_service;
CREATE POLICY user_read ON aviationstack_cache FOR SELECT TO flightctl_user USING (status = 'confirmed');
CREATE POLICY staff_read ON aviationstack_cache FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_add ON aviationstack_cache FOR INSERT TO flightctl_staff WITH CHECK (provider = 'manual');
CREATE POLICY staff_decide ON aviationstack_cache FOR UPDATE TO flightctl_staff
    USING (true) WITH CHECK (provider = 'manual');
CREATE POLICY staff_forget ON aviationstack_cache FOR DELETE TO flightctl_staff USING (true);
CREATE POLICY service_all ON aviationstack_cache TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY user_read ON route_legs FOR SELECT TO flightctl_user
    USING (EXISTS (SELECT FROM aviationstack_cache AS entry WHERE entry.cache_key = route_legs.cache_key));
CREATE POLICY staff_read ON route_legs FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_add ON route_legs FOR INSERT TO flightctl_staff WITH CHECK (EXISTS (
    SELECT FROM aviationstack_cache AS entry WHERE entry.cache_key = route_legs.cache_key AND entry.provider = 'manual'));
CREATE POLICY staff_forget ON route_legs FOR DELETE TO flightctl_staff USING (true);
CREATE POLICY service_all ON route_legs TO flightctl_service USING (true) WITH CHECK (true);

-- Proposals: one's own, and all of them for staff.
GRANT SELECT ON proposals TO flightctl_user;
GRANT INSERT, UPDATE (decision, decided_by, decided_at) ON proposals TO flightctl_staff;
GRANT USAGE ON SEQUENCE proposals_id_seq TO flightctl_staff;
CREATE POLICY user_read ON proposals FOR SELECT TO flightctl_user USING (proposed_by = session_user);
CREATE POLICY staff_read ON proposals FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_add ON proposals FOR INSERT TO flightctl_staff WITH CHECK (proposed_by = session_user);
CREATE POLICY staff_decide ON proposals FOR UPDATE TO flightctl_staff
    USING (true) WITH CHECK (decided_by = session_user);
CREATE POLICY service_settle ON proposals FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);

-- Absences go with the entry that staff decide about; they are learned by service.
GRANT DELETE ON absences TO flightctl_staff;
GRANT INSERT, UPDATE ON absences TO flightctl_service;
CREATE POLICY staff_forget ON absences FOR DELETE TO flightctl_staff USING (true);
CREATE POLICY service_add ON absences FOR INSERT TO flightctl_service WITH CHECK (true);
CREATE POLICY service_change ON absences FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);

-- Names, codes, feeds, asked days and the history of look-ups are service's to write.
GRANT INSERT, UPDATE ON airlines, airports TO flightctl_service;
GRANT USAGE ON SEQUENCE airlines_id_seq TO flightctl_service;
GRANT INSERT, UPDATE, DELETE ON asked_days TO flightctl_service;
GRANT DELETE ON lookup_history TO flightctl_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON feeds, feed_pages TO flightctl_service;
CREATE POLICY service_add ON airlines FOR INSERT TO flightctl_service WITH CHECK (true);
CREATE POLICY service_change ON airlines FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY service_add ON airports FOR INSERT TO flightctl_service WITH CHECK (true);
CREATE POLICY service_change ON airports FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY service_add ON asked_days FOR INSERT TO flightctl_service WITH CHECK (true);
CREATE POLICY service_change ON asked_days FOR UPDATE TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY service_forget ON asked_days FOR DELETE TO flightctl_service USING (true);
CREATE POLICY service_prune ON lookup_history FOR DELETE TO flightctl_service USING (true);
CREATE POLICY service_all ON feeds TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY service_all ON feed_pages TO flightctl_service USING (true) WITH CHECK (true);

-- Paid calls: how they went is everybody's, for which flight and by whom staff's; all writing is by function.
GRANT SELECT (id, provider, account, called_at, result, cause, units, cost_micros, ended_at) ON upstream_calls
    TO flightctl_user;
GRANT SELECT ON upstream_calls, contributions TO flightctl_staff;
GRANT INSERT, DELETE ON freezes TO flightctl_staff;
GRANT UPDATE ON provider_accounts TO flightctl_staff;
CREATE POLICY user_read ON upstream_calls FOR SELECT TO flightctl_user USING (true);
CREATE POLICY staff_read ON contributions FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_stop ON freezes FOR INSERT TO flightctl_staff WITH CHECK (frozen_by = session_user);
CREATE POLICY staff_thaw ON freezes FOR DELETE TO flightctl_staff USING (true);
CREATE POLICY staff_lift ON provider_accounts FOR UPDATE TO flightctl_staff USING (true) WITH CHECK (hold = '');

-- Dated flights: what is confirmed, and what one added oneself; staff see and decide about the rest.
GRANT SELECT ON flights, flight_aliases, flight_changes TO flightctl_user;
GRANT UPDATE ON flights TO flightctl_staff;
GRANT INSERT ON flight_changes TO flightctl_staff;
GRANT USAGE ON SEQUENCE flight_changes_id_seq TO flightctl_staff;
GRANT INSERT, DELETE ON flights TO flightctl_service;
GRANT INSERT, UPDATE, DELETE ON flight_aliases TO flightctl_service;
CREATE POLICY user_read ON flights FOR SELECT TO flightctl_user
    USING (review = 'confirmed' OR added_by = session_user);
CREATE POLICY staff_read ON flights FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_decide ON flights FOR UPDATE TO flightctl_staff
    USING (review <> 'confirmed') WITH CHECK (true);
CREATE POLICY service_all ON flights TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY user_read ON flight_aliases FOR SELECT TO flightctl_user
    USING (EXISTS (SELECT FROM flights AS flight WHERE flight.flight_id = flight_aliases.flight_id));
CREATE POLICY staff_read ON flight_aliases FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY service_all ON flight_aliases TO flightctl_service USING (true) WITH CHECK (true);
CREATE POLICY user_read ON flight_changes FOR SELECT TO flightctl_user
    USING (EXISTS (SELECT FROM flights AS flight WHERE flight.flight_id = flight_changes.flight_id));
CREATE POLICY staff_read ON flight_changes FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_decide ON flight_changes FOR INSERT TO flightctl_staff WITH CHECK (field = 'review');
CREATE POLICY service_all ON flight_changes TO flightctl_service USING (true) WITH CHECK (true);

-- Lists and shares are their owner's alone, whatever the role; who claimed is nobody's to read.
GRANT SELECT, UPDATE (seen_change) ON user_flights TO flightctl_user;
GRANT SELECT, UPDATE (status) ON shares TO flightctl_user;
CREATE POLICY own_read ON user_flights FOR SELECT TO flightctl_user USING (user_id = session_user);
CREATE POLICY own_seen ON user_flights FOR UPDATE TO flightctl_user
    USING (user_id = session_user) WITH CHECK (user_id = session_user);
CREATE POLICY own_read ON shares FOR SELECT TO flightctl_user USING (sharer_id = session_user);
CREATE POLICY own_revoke ON shares FOR UPDATE TO flightctl_user
    USING (sharer_id = session_user AND status = 'pending')
    WITH CHECK (sharer_id = session_user AND status = 'revoked');

-- The reverse index is read by staff, and changes with the lists, by function.
GRANT SELECT ON flight_watchers, flight_watcher_counts TO flightctl_staff;
CREATE POLICY staff_read ON flight_watchers FOR SELECT TO flightctl_staff USING (true);
CREATE POLICY staff_read ON flight_watcher_counts FOR SELECT TO flightctl_staff USING (true);

-- Accounts are an admin's to write; everybody reads their own.
GRANT SELECT ON account TO flightctl_user;
CREATE POLICY user_read ON account FOR SELECT TO flightctl_user USING (user_name = session_user);
CREATE POLICY staff_read ON account FOR SELECT TO flightctl_staff USING (true);
