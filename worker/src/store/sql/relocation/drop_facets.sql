-- ?2: a JSON list of [facet, value, received at, complaint].
DELETE FROM complaint_facets
WHERE tenant_id = ?1 AND (facet, value, received_at, complaint_id) IN (
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?2)
)
