INSERT INTO api_keys (tenant_id, id, expires_at, revoked_at, doc, ends_at, replaced_by, last_used_on)
SELECT ?1, value ->> 'id', value ->> 'expires_at', value ->> 'revoked_at', value ->> 'doc', value ->> 'ends_at',
  value ->> 'replaced_by', value ->> 'last_used_on'
FROM json_each(?2)
