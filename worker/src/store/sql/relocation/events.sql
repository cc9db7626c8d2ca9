-- Events of some complaints, those of the first complaint first: at most ?3, and no more after the first ?4 bytes.
-- ?2: a JSON list of [complaint, after this event, up to this one].
SELECT complaint_id, seq, at, body, hash
FROM (
  SELECT place, complaint_id, seq, at, body, hash,
    sum(octet_length(body)) OVER (ORDER BY place, seq) - octet_length(body) AS bytes_before
  FROM (
    SELECT wanted.key AS place, e.complaint_id, e.seq, e.at, e.body, e.hash
    FROM json_each(?2) wanted
    JOIN events e ON e.tenant_id = ?1 AND e.complaint_id = wanted.value ->> 0
      AND e.seq > wanted.value ->> 1 AND e.seq <= wanted.value ->> 2
    ORDER BY wanted.key, e.seq
    LIMIT ?3
  )
)
WHERE bytes_before < ?4
ORDER BY place, seq
