-- Of complaints ?2, a JSON list of ids, those that not everybody may see: each one's id, and its labels as JSON. (The condition on the
-- text is what has SQLite look in the index of those alone.)
SELECT c.id || c.sensitivity AS doc
FROM json_each(?2) asked
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.id = asked.value AND instr(c.summary, '"sensitivity":') > 0 AND c.sensitivity IS NOT NULL
