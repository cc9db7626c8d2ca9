-- Keys that end before their tokens say so, and when.
SELECT id, min(coalesce(revoked_at, ends_at), coalesce(ends_at, revoked_at)) AS at
FROM api_keys
WHERE tenant_id = ?1 AND (revoked_at IS NOT NULL OR ends_at IS NOT NULL) AND expires_at > ?2
