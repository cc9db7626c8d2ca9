-- Which of these references (a JSON list) are somebody's: the places in the list.
SELECT r.key AS nth
FROM json_each(?2) r
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.reference = r.value
