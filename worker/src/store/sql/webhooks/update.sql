-- The next version. ?5: its health from now on; empty if it stays. ?6: the request, as `requests` has it; empty if it need not be known.
UPDATE webhook_endpoints
SET doc = ?3, version = version + 1, health = CASE ?5 WHEN '' THEN health ELSE ?5 END,
  not_before = CASE ?5 WHEN '' THEN not_before ELSE 0 END,
  requests = CASE ?6 WHEN '' THEN requests ELSE json_insert(
    CASE WHEN json_array_length(requests) >= 20 THEN json_remove(requests, '$[0]') ELSE requests END, '$[#]', json(?6)
  ) END,
  change = (SELECT max(change) FROM webhook_endpoints WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2 AND version = CAST(?4 AS INTEGER) - 1 AND deleted_at IS NULL
RETURNING '' AS doc
