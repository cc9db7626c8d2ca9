INSERT INTO tenants (id, slug, version, doc, directory_seq, unpublished) VALUES (?1, ?2, ?3, ?4, ?5, 1)
ON CONFLICT (id) DO UPDATE
SET slug = excluded.slug, version = excluded.version, doc = excluded.doc,
  directory_seq = max(excluded.directory_seq, tenants.directory_seq + 1), unpublished = 1
