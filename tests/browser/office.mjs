// What an admin sets, at the agents' console on a stack that runs, and where it then is: in the forms of colleagues, at the consumers'
// portal, at the API, in the record of who changed what.
//
//   BASE_URL=http://… MAIL_URL=http://… FIRM=slug STAFF_AT=domain CASE=id PICTURES=folder node office.mjs
import assert from 'node:assert/strict';
import { Person, end, until } from './person.mjs';

const { BASE_URL, FIRM, CASE } = process.env;
const anna = await Person.signedIn('anna', 'large');
const carla = await Person.signedIn('carla', 'large');
const good = 'main .banner.good';
const refused = 'main .banner.bad';

await carla.open('/app/settings', 'settings');
for (const page of await carla.page.locator('main a[href^="/app/settings/"]').evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))])) {
  await carla.open(page, page.replace('/app/', '').replaceAll('/', '-'));
}

// Carla gives a system a key and takes it back; what she sets about complaints, Anna has in her forms; and what she did is written down.
await carla.open('/app/settings/keys');
await carla.page.locator('summary', { hasText: 'Issue a key' }).click();
await carla.page.fill('#name', 'Contact centre');
await carla.page.check('input[name="scopes"][value="complaints:read"]');
await carla.press('form[action="/app/settings/keys"] button');
await carla.look('settings-key-issued');
const key = await carla.text('section.banner code');
const answered = async () => (await fetch(`${BASE_URL}/v1/complaints`, { headers: { authorization: `Bearer ${key}` } })).status;
assert.equal(await answered(), 200, 'the key opens what it was given for');
await carla.page.locator('summary', { hasText: 'Revoke it' }).click();
await carla.press('button[value="revoke"]');
await carla.look('settings-key-revoked');
assert.ok(!(await carla.page.content()).includes(key), 'a key is shown once');
await until('a key that is revoked opens nothing', async () => (await answered()) === 401);
await carla.open('/app/settings/fields');
await carla.page.locator('summary', { hasText: 'Add a field' }).click();
await carla.page.fill('#label', 'Branch of the firm');
await carla.page.fill('#name', 'branch');
await carla.press('form[action="/app/settings/fields"] button');
await carla.look('settings-field-added');
await carla.open('/app/settings/taxonomy');
await carla.page.locator('input[name^="name-"]').first().fill('Our accounts');
await carla.press('form[action="/app/settings/taxonomy"] button.main');
await carla.look('settings-taxonomy-saved');
await until('what an admin sets is in the forms of all', async () => {
  await anna.open('/app/cases/new');
  const form = await anna.page.content();
  return form.includes('Branch of the firm') && form.includes('Our accounts');
});
// The portal's logo, which can be seen by all, and what it says in the firm's words.
const portal = `${BASE_URL}/${FIRM}/`;
const logo = () => fetch(`${portal}logo`);
const firm = '/app/settings/firm';
await carla.open(firm);
const choose = async (name, mimeType, buffer) => {
  const field = carla.page.locator('#logo');
  await carla.page.locator('details:has(#logo):not([open]) summary').click();
  await field.setInputFiles({ name, mimeType, buffer });
};
await choose('logo.png', 'image/png', Buffer.from('no picture'));
await carla.set('button[value="logo"]', {});
await carla.look('settings-logo-refused');
assert.match(await carla.text(refused), /Choose a picture that can be a logo/);
const picture = await carla.page.screenshot({ clip: { x: 0, y: 0, width: 48, height: 48 } });
await carla.open(firm);
await choose('logo.png', 'image/png', picture);
await carla.set('button[value="logo"]', {});
await carla.look('settings-logo-saved');
await until('the logo is at the portal', async () => {
  const answer = await logo();
  return answer.status === 200 && Buffer.from(await answer.arrayBuffer()).equals(picture);
});
await carla.open(firm);
await carla.set('button[value="texts"]', {
  'text-name-0': 'start.title',
  'text-language-0': 'en',
  'text-0': 'Tell {firm} what went wrong',
});
assert.match(await carla.text(good), /Saved/);
await until('a text of the firm is at the portal', async () => {
  await carla.open(`/${FIRM}/`);
  return /Tell Northwind Bank what went wrong/.test(await carla.text('h1')) && (await carla.page.locator('img[src$="/logo"]').count()) > 0;
});
await carla.look('portal-of-its-own');
await carla.open(firm);
await carla.set('button[value="logo"]', { without: true });
await until('the portal has no logo any more', async () => (await logo()).status === 404);
await carla.open(firm);
await carla.set('button[value="texts"]', { 'text-name-0': 'start.titel', 'text-language-0': 'en' });
await carla.look('settings-text-refused');
assert.match(await carla.text(refused), /is no text of the portal/);
assert.equal(await carla.page.inputValue('[name="text-0"]'), 'Tell {firm} what went wrong', 'what was typed is kept');
await carla.set('button[value="texts"]', { 'text-name-0': 'start.title', 'text-0': '' });
assert.match(await carla.text(good), /Saved/);

// Letters that a second person approves: by kind and by sum.
await carla.open('/app/settings/switches');
const toApprove = 'button[value="letters"]';
const kind = carla.page.locator('input[name="approve"][value="fca_final_response"]');
await kind.check();
await carla.set(toApprove, { 'amount-0': 'a lot', 'currency-0': 'gbp' });
await carla.look('settings-letters-refused');
assert.match(await carla.text(refused), /Sum 1: must be an amount/);
assert.equal(await carla.page.inputValue('[name="amount-0"]'), 'a lot');
await carla.set(toApprove, { 'amount-0': '250.50' });
assert.match(await carla.text(good), /Saved/);
assert.ok(await kind.isChecked());
assert.deepEqual([await carla.page.inputValue('[name="amount-0"]'), await carla.page.inputValue('[name="currency-0"]')], ['250.50', 'GBP']);

// A deadline of the firm's own: refused without hours, then on the clocks of complaints, changed by one of two who had it open, removed.
const terms = { name: 'First answer', amount: '4', unit: 'business_hour' };
const ends = carla.page.locator('input[name="met_by"][value="contacted"]');
await carla.open('/app/settings/new-deadline');
await ends.check();
await carla.set('button[value="save"]', { ...terms, id: 'first_answer' });
await carla.look('settings-deadline-refused');
assert.match(await carla.text(refused), /not acceptable\s+must have hours/);
assert.ok(await ends.isChecked(), 'what was chosen is kept');
for (const day of ['mon', 'tue', 'wed', 'thu', 'fri']) await carla.page.check(`input[name="days-0"][value="${day}"]`);
await carla.set('button[value="save"]', { 'from-0': '09:00', 'until-0': '17:00' });
await carla.look('settings-deadline-added');
assert.match(await carla.text('main table'), /First answer[^]*4 business hours/i);
await until('the deadline is on a complaint', async () => {
  await anna.open(`/app/cases/${CASE}`);
  return /First answer/.test(await anna.text('#case-clocks'));
});
await anna.look('case-with-own-deadline');
await carla.open('/app/settings/deadlines/first_answer', 'settings-deadline');
const elsewhere = await carla.context.newPage();
await elsewhere.goto(`${BASE_URL}/app/settings/deadlines/first_answer`);
await elsewhere.fill('#amount', '6');
await Promise.all([elsewhere.waitForEvent('load'), elsewhere.click('button[value="save"]')]);
await elsewhere.close();
await carla.set('button[value="save"]', { amount: '8' });
await carla.look('settings-deadline-conflict');
assert.match(await carla.text(refused), /Somebody else has changed this meanwhile/);
assert.equal(await carla.page.inputValue('#amount'), '8', 'what was typed is kept');
await carla.set('button[value="save"]', {});
assert.match(await carla.text('main table'), /First answer[^]*8 business hours/i);
await carla.open('/app/settings/deadlines/first_answer');
await carla.set('button[value="remove"]', {});
assert.match(await carla.text(good), /Deleted/);
assert.equal(await carla.page.locator('main table a').count(), 0);

await carla.open('/app/settings/changes', 'settings-changes');
const changes = await carla.text('main table');
assert.match(changes, /Contact centre/);
assert.match(changes, /You/);

await end();
