-- Of the ?3 events after number ?2 those that lie in this database, and no more after the first ?4 bytes of them.
SELECT slot, position, complaint_id, body, hash
FROM (
  SELECT slot, position, complaint_id, body, hash, number,
    sum(octet_length(body)) OVER (ORDER BY number) - octet_length(body) AS bytes_before
  FROM (
    SELECT e.slot, e.position, e.complaint_id, e.body, e.hash, r.first_number + e.position - r.first_position AS number
    FROM change_ranges r CROSS JOIN events e
    WHERE r.tenant_id = ?1 AND r.first_number <= ?2 + ?3 AND r.first_number >= coalesce((
        SELECT max(first_number) FROM change_ranges WHERE tenant_id = ?1 AND first_number <= ?2 + 1
      ), 0)
      AND e.tenant_id = ?1 AND e.slot = r.slot
      AND e.position >= r.first_position + max(?2 + 1 - r.first_number, 0)
      AND e.position <= min(r.first_position + ?2 + ?3 - r.first_number, r.last_position)
    ORDER BY r.first_number, e.position
    LIMIT ?3
  )
)
WHERE bytes_before < ?4
ORDER BY number
