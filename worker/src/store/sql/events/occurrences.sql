-- The events of complaint ?2 that clocks depend on, but for what the complaint itself says; without their texts, of which
-- there may be many.
SELECT seq, hash, json_replace(body, '$.data.summary', '-', '$.data.note', '-') AS body FROM events
WHERE tenant_id = ?1 AND complaint_id = ?2
  AND body ->> 'type' NOT IN ('received', 'corrected', 'classified', 'noted', 'linked', 'unlinked', 'clocks_moved', 'split',
    'part_rejoined', 'redress_paid', 'adr_outcome_recorded',
    'letter_drafted', 'letter_approved', 'sensitivity_set')
ORDER BY seq
