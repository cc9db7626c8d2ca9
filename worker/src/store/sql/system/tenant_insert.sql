INSERT INTO tenants (id, slug, version, doc, directory_seq, unpublished) VALUES (?1, ?2, ?3, ?4, 1, 1)
