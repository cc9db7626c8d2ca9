INSERT INTO complaints
  (tenant_id, id, reference, external_reference, received_at, version, doc, summary, created_by_key, place, words,
   likeness, labels)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CAST(?10 AS INTEGER), ?11, ?12, ?13)
