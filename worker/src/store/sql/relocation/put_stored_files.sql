-- What is to be seen to once the tenant is here. Fails unless it is expected here by move ?3.
-- ?2: a JSON list of [attachment, complaint, bytes].
INSERT INTO stored_files (tenant_id, attachment_id, complaint_id, bytes, look_at)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, 0
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, attachment_id) DO UPDATE SET look_at = 0
WHERE stored_files.tenant_id = ?1
