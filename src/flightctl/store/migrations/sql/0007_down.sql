-- Nobody but the owner has any right left, and the owner cannot log in.
DROP SCHEMA flightctl CASCADE;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM flightctl_user, flightctl_staff, flightctl_service;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM flightctl_user, flightctl_staff, flightctl_service;
DO $$
DECLARE
    policy record;
BEGIN
    FOR policy IN SELECT tablename, policyname FROM pg_catalog.pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE pg_catalog.format('DROP POLICY %I ON public.%I', policy.policyname, policy.tablename);
    END LOOP;
    FOR policy IN SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tableowner = current_user
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', policy.tablename);
        EXECUTE pg_catalog.format('ALTER TABLE public.%I DISABLE ROW LEVEL SECURITY', policy.tablename);
    END LOOP;
END
$$;
