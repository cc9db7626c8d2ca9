SELECT first_number + last_position - first_position AS number
FROM change_ranges
WHERE tenant_id = ?1
ORDER BY first_number DESC
LIMIT 1
