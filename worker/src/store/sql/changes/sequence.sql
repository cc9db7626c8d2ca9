-- Gives numbers to what has none yet, unless the tenant is held. The last range grows if its slot has news.
-- ?2: a JSON list of [slot, its newest position; null if the slot lies in this database].
INSERT INTO change_ranges (tenant_id, first_number, slot, first_position, last_position)
SELECT ?1,
  CASE WHEN grows THEN first_number
    ELSE last_number + 1 + sum(newest - known) OVER (ORDER BY grows DESC, slot) - (newest - known) END,
  slot, CASE WHEN grows THEN first_position ELSE known + 1 END, newest
FROM (
  SELECT wanted.slot, wanted.newest, wanted.known, final.first_number, final.first_position,
    coalesce(final.first_number + final.last_position - final.first_position, 0) AS last_number,
    wanted.slot IS NOT DISTINCT FROM final.slot AS grows
  FROM (
    SELECT value ->> 0 AS slot,
      coalesce(value ->> 1, (SELECT max(position) FROM events WHERE tenant_id = ?1 AND slot = value ->> 0), 0) AS newest,
      coalesce((
        SELECT last_position FROM change_ranges WHERE tenant_id = ?1 AND slot = value ->> 0
        ORDER BY first_position DESC LIMIT 1
      ), 0) AS known
    FROM json_each(?2)
  ) wanted
  LEFT JOIN (
    SELECT first_number, slot, first_position, last_position FROM change_ranges WHERE tenant_id = ?1
    ORDER BY first_number DESC LIMIT 1
  ) final ON true
  WHERE NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
)
WHERE newest > known
ON CONFLICT (tenant_id, first_number) DO UPDATE SET last_position = excluded.last_position
WHERE change_ranges.tenant_id = ?1
