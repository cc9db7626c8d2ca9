-- ?2: a JSON list of [external reference, complaint].
DELETE FROM external_references
WHERE tenant_id = ?1
  AND (external_reference, complaint_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
