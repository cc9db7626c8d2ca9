-- Whose these are (a JSON list), each with its place in the list; by its own name if that complaint lies here and still has
-- it.
SELECT k.key AS nth, r.complaint_id, c.external_reference AS name
FROM json_each(?2) k
CROSS JOIN external_references r
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = r.complaint_id AND c.external_reference = r.external_reference
WHERE r.tenant_id = ?1 AND r.external_reference = k.value
