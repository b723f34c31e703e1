DROP FUNCTION flightctl.note_changes CASCADE;  -- and the triggers
DROP FUNCTION flightctl.is_mirrored, flightctl.begin_mirror, flightctl.next_mirror_version, flightctl.take_outbox,
    flightctl.mirrored_users, flightctl.mirrored_entries, flightctl.mirrored_shares, flightctl.all_shares,
    flightctl.expired_shares;
DROP SEQUENCE mirror_versions;
