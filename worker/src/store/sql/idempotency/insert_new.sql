-- The requests that log new complaints. ?2: a JSON list of [key, fingerprint, complaint, version].
INSERT INTO idempotency (tenant_id, scope, key, fingerprint, complaint_id, version, created_at)
SELECT ?1, '', value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?3
FROM json_each(?2)
