-- ?2: a JSON list of slots.
SELECT wanted.value AS slot, (SELECT max(position) FROM events WHERE tenant_id = ?1 AND slot = wanted.value) AS position
FROM json_each(?2) wanted
