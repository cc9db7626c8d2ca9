-- Ranges with numbers after ?2, and at most ?3 more.
SELECT first_number, slot, first_position, last_position
FROM change_ranges
WHERE tenant_id = ?1 AND first_number <= ?2 + ?3 AND first_number >= coalesce((
  SELECT max(first_number) FROM change_ranges WHERE tenant_id = ?1 AND first_number <= ?2 + 1
), 0)
ORDER BY first_number
