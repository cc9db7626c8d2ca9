-- Like list_oldest.sql, for complaints that have facet ?7 = ?8 and every other facet in the JSON list ?9.
SELECT group_concat(summary, char(10) ORDER BY received_at DESC, id DESC) AS lines
FROM (
  SELECT f.received_at AS received_at, f.complaint_id AS id, c.summary AS summary
  FROM complaint_facets f
  JOIN complaints c ON c.tenant_id = ?1 AND c.id = f.complaint_id
  WHERE f.tenant_id = ?1 AND f.facet = ?7 AND f.value = ?8
    AND (f.received_at, f.complaint_id) > (?2, ?3) AND (f.received_at, f.complaint_id) < (?4, ?5)
    AND NOT EXISTS (
      SELECT 1 FROM json_each(?9) wanted
      WHERE NOT EXISTS (
        SELECT 1 FROM complaint_facets o
        WHERE o.tenant_id = ?1 AND o.facet = wanted.value ->> 0 AND o.value = wanted.value ->> 1
          AND o.received_at = f.received_at AND o.complaint_id = f.complaint_id
      )
    )
  ORDER BY f.received_at ASC, f.complaint_id ASC
  LIMIT ?6
)
