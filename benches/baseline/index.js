// The yardstick: the same reads and writes as Redress, written the way a good developer writes
// Hono + D1 in an afternoon. No authentication, limits, events, idempotency or outbox, on purpose:
// what Redress does on top of this is what the ratios of the bench price.
import { Hono } from 'hono'

const TENANT = '01900000-0000-7000-8000-000000000001'
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LIST_COLUMNS = `id, reference, version, state, complainant ->> 'name' AS complainant, channel, received_at, updated_at,
  product, issue, severity, assignee, external_reference, tags, substr(description, 1, 160) AS excerpt`

const app = new Hono()

app.post('/v1/complaints', async (c) => {
  const body = await c.req.json()
  const now = new Date().toISOString()
  const complaint = {
    id: crypto.randomUUID(),
    reference: reference(),
    version: 1,
    state: 'received',
    channel: body.channel,
    product: body.product ?? null,
    issue: body.issue ?? null,
    severity: body.severity ?? 'medium',
    jurisdiction: body.jurisdiction ?? 'england_and_wales',
    description: body.description,
    desired_outcome: body.desired_outcome ?? null,
    external_reference: body.external_reference ?? null,
    assignee: null,
    team: null,
    outcome: null,
    complainant: body.complainant,
    vulnerability: body.vulnerability ?? [],
    amounts: body.amounts ?? [],
    custom: body.custom ?? {},
    tags: body.tags ?? [],
    redress: [],
    received_at: body.received_at ?? now,
    created_at: now,
    updated_at: now,
  }
  await c.env.DB.prepare(
    `INSERT INTO complaints (tenant_id, id, reference, version, state, channel, product, issue, severity, jurisdiction,
       description, desired_outcome, external_reference, assignee, team, outcome,
       complainant, vulnerability, amounts, custom, tags, redress, received_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
    .bind(
      TENANT,
      complaint.id,
      complaint.reference,
      complaint.version,
      complaint.state,
      complaint.channel,
      complaint.product,
      complaint.issue,
      complaint.severity,
      complaint.jurisdiction,
      complaint.description,
      complaint.desired_outcome,
      complaint.external_reference,
      complaint.assignee,
      complaint.team,
      complaint.outcome,
      JSON.stringify(complaint.complainant),
      JSON.stringify(complaint.vulnerability),
      JSON.stringify(complaint.amounts),
      JSON.stringify(complaint.custom),
      JSON.stringify(complaint.tags),
      JSON.stringify(complaint.redress),
      complaint.received_at,
      complaint.created_at,
      complaint.updated_at,
    )
    .run()
  return c.json(complaint, 201)
})

app.get('/v1/complaints/:id', async (c) => {
  const row = await find(c.env.DB, c.req.param('id'))
  return row ? c.json(complaintOf(row)) : c.json({ error: 'not found' }, 404)
})

app.get('/v1/complaints', async (c) => {
  const { state, cursor } = c.req.query()
  const limit = Math.min(Number(c.req.query('limit') ?? 50), 200)
  const where = ['tenant_id = ?']
  const values = [TENANT]
  if (state) {
    where.push('state = ?')
    values.push(state)
  }
  if (cursor) {
    const [receivedAt, id] = atob(cursor).split('|')
    where.push('(received_at < ? OR (received_at = ? AND id > ?))')
    values.push(receivedAt, receivedAt, id)
  }
  // One row more than asked for tells whether another page follows.
  const { results } = await c.env.DB.prepare(
    `SELECT ${LIST_COLUMNS} FROM complaints WHERE ${where.join(' AND ')} ORDER BY received_at DESC, id LIMIT ?`,
  )
    .bind(...values, limit + 1)
    .all()
  const hasMore = results.length > limit
  const data = results.slice(0, limit).map((row) => ({ ...row, tags: JSON.parse(row.tags) }))
  const last = data.at(-1)
  return c.json({ data, has_more: hasMore, next: hasMore ? btoa(`${last.received_at}|${last.id}`) : null })
})

app.post('/v1/complaints/:id/acknowledge', async (c) => {
  const row = await find(c.env.DB, c.req.param('id'))
  if (!row) return c.json({ error: 'not found' }, 404)
  if (row.state !== 'received') return c.json({ error: 'illegal move' }, 409)
  const next = { ...row, state: 'acknowledged', version: row.version + 1, updated_at: new Date().toISOString() }
  const { meta } = await c.env.DB.prepare(
    'UPDATE complaints SET state = ?, version = ?, updated_at = ? WHERE tenant_id = ? AND id = ? AND version = ?',
  )
    .bind(next.state, next.version, next.updated_at, TENANT, row.id, row.version)
    .run()
  return meta.changes === 1 ? c.json(complaintOf(next)) : c.json({ error: 'changed meanwhile' }, 412)
})

function find(db, id) {
  return db.prepare('SELECT * FROM complaints WHERE tenant_id = ? AND id = ?').bind(TENANT, id).first()
}

function complaintOf({ tenant_id, ...row }) {
  return {
    ...row,
    complainant: JSON.parse(row.complainant),
    vulnerability: JSON.parse(row.vulnerability),
    amounts: JSON.parse(row.amounts),
    custom: JSON.parse(row.custom),
    tags: JSON.parse(row.tags),
    redress: JSON.parse(row.redress),
  }
}

// 40 random bits in two groups, such as NWB-4K7Q-9M2X.
function reference() {
  const symbols = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => CROCKFORD[byte & 31]).join('')
  return `NWB-${symbols.slice(0, 4)}-${symbols.slice(4)}`
}

export default app
