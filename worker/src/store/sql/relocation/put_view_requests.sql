-- ?2: a JSON list of what view_requests.sql gives.
INSERT INTO view_requests (tenant_id, key, fingerprint, view, created_at)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each(?2)
