-- The roles, which belong to the whole server. Run by whoever upgrades, before the tables are made; may be run again.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['flightctl_owner', 'flightctl_user', 'flightctl_staff', 'flightctl_service'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
END
$$;

-- Each group includes the one before.
GRANT flightctl_user TO flightctl_staff;
GRANT flightctl_staff TO flightctl_service;

-- Who upgrades acts as the owner, whom nobody else can become.
DO $$
BEGIN
    IF NOT pg_catalog.pg_has_role(current_user, 'flightctl_owner', 'SET') THEN
        EXECUTE pg_catalog.format('GRANT flightctl_owner TO %I', current_user);
    END IF;
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO flightctl_owner', pg_catalog.current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO flightctl_owner;
GRANT USAGE ON SCHEMA public TO flightctl_user;
