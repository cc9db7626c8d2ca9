-- Fails unless each is here at the version, if any, that the sender of this statement has seen.
-- ?2: a JSON list of [id, reference, external reference, received at, version, doc, summary, key, version seen].
INSERT INTO complaints (tenant_id, id, reference, external_reference, received_at, version, doc, summary, created_by_key)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3,
  CASE WHEN value ->> 8 IS NOT DISTINCT FROM (
    SELECT c.version FROM complaints c WHERE c.tenant_id = ?1 AND c.id = value ->> 0
  ) THEN value ->> 4 END,
  value ->> 5, value ->> 6, value ->> 7
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET external_reference = excluded.external_reference, received_at = excluded.received_at, version = excluded.version,
  doc = excluded.doc, summary = excluded.summary
WHERE complaints.tenant_id = ?1
