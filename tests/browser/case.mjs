// What a complaint is put right by, at the agents' console on a stack that runs: clocks moved to newer rules, a classification and labels
// that are set back, entries corrected, matters split off and taken back.
//
//   BASE_URL=http://… MAIL_URL=http://… FIRM=slug STAFF_AT=domain OLD_CASE=id PICTURES=folder node case.mjs
//
// The complaint is from before the rules of June 2026, somebody acts for the complainant, and the firm has a field `office`.
import assert from 'node:assert/strict';
import { Person, end } from './person.mjs';

const { BASE_URL, OLD_CASE } = process.env;
const path = `/app/cases/${OLD_CASE}`;
const anna = await Person.signedIn('anna', 'large');
const ben = await Person.signedIn('ben', 'small-dark');
const ties = '#case-ties li';
const rail = (heading) => anna.page.locator('section.card', { has: anna.page.locator(`#${heading}`) });
const facts = () => rail('facts-heading').innerText();
const person = () => rail('person-heading').innerText();

await anna.open(path, 'case-from-before');

// Rules came out meanwhile: a lead moves the clocks to them, once.
await ben.open(path);
assert.equal(await ben.page.locator('#act-move-clocks').count(), 0, 'agents move no clocks');
await anna.act('move-clocks', { versions: 'gb-fca-disp@2026-06-01', reason: 'As counsel said.' });
await anna.look('case-clocks-moved');
assert.match(await anna.text('#case-timeline'), /Clocks moved to other versions of their rules/);
assert.equal(await anna.page.locator('#act-move-clocks').count(), 0, 'there is none newer');

// A classification is set back to what it was.
const before = await facts();
await anna.act('classify', { severity: 'critical', tags: 'fees, late' });
assert.match(await anna.text('#case-head'), /Critical severity/i);
assert.match(await facts(), /fees, late/);
await anna.press('#case-timeline a:has-text("Classify it as before")');
await anna.look('case-classified-as-before');
await anna.act('classify', {});
assert.equal(await facts(), before);
assert.doesNotMatch(await anna.text('#case-head'), /Critical severity/i);

// Labels: whoever is not cleared for them finds nothing there, until they are set back.
const asBen = async () => (await ben.page.goto(`${BASE_URL}${path}`)).status();
await anna.act('label', { 'sensitivity-vip': true });
assert.match(await anna.text('#case-timeline'), /Who may see it was set/);
assert.equal(await asBen(), 404);
await ben.look('case-not-for-him');
await anna.press('#case-timeline a:has-text("Set it back")');
assert.equal(await anna.page.locator('[name="sensitivity-vip"]').isChecked(), false, 'it begins with what was before');
await anna.act('label', {});
assert.equal(await asBen(), 200);

// Entries that were wrong: what is not changed stays, an empty reason is asked for, and nobody acts for the complainant any more.
const correct = async () => {
  if ((await anna.page.locator('#act-correct').count()) === 0) await anna.press('#act a.button:has-text("Correct")');
};
await anna.open(path);
await correct();
await anna.look('case-correct');
await anna.act('correct', {
  reason: 'Misheard on the phone.',
  'set/custom/office': 'Leeds',
  'set/representative/name': 'Kwame Osei',
});
await anna.look('case-corrected');
assert.match(await anna.text('#case-timeline'), /Entries corrected[^]*Misheard on the phone\./);
assert.match(await facts(), /Leeds/);
assert.match(await person(), /Represented by\s+Kwame Osei[^]*020 7946 0999/i);
await correct();
await anna.act('correct', {
  reason: 'They act for somebody else.',
  'set/representative/name': '',
  'set/representative/kind': '',
  'set/representative/contacts': '',
  'set/representative/reference': '',
});
assert.doesNotMatch(await person(), /Represented by/i);
assert.match(await facts(), /Leeds/, 'what was not touched stays');
await correct();
await anna.act('correct', { reason: 'A typo.', 'set/made_on': '2036-01-01' });
await anna.look('case-correction-refused');
assert.match(await anna.text('#act-correct'), /received before that/);
assert.equal(await anna.page.inputValue('[name="set/made_on"]'), '2036-01-01', 'what was typed is kept');

// A matter of its own becomes a complaint of its own; a part is taken back.
await anna.open(path);
await anna.press('#act a.button:has-text("Split")');
await anna.look('case-split-form');
await anna.act('split', {
  'parts/0/description': 'They also want a copy of the data that is held about them.',
  'parts/1/description': 'And nobody called back, as was promised.',
  reason: 'Three matters in one letter.',
});
await anna.look('case-split');
assert.match(await anna.text('main .banner.good'), /Split/);
assert.equal(await anna.page.locator(ties, { hasText: 'Split off' }).count(), 2);
await anna.press(`${ties}:has-text("Open part 2") a`);
assert.match(await anna.text('#story-heading ~ p'), /nobody called back/);
assert.equal(await anna.page.locator('#act a.button:has-text("Split"), #act-split').count(), 0, 'a part is not split');
await anna.look('case-part');
await anna.act('rejoin', { reason: 'It is answered with the rest.' });
await anna.look('case-part-taken-back');
assert.equal(await anna.page.locator('#act-rejoin').count(), 0);
await anna.open(path);
assert.match(await anna.text('#case-timeline'), /taken back|rejoined/i);

// Another complaint is linked by its reference, and that is undone.
await anna.open('/app/queue?order=newest');
const other = anna.page.locator('tr[data-row] th a').first();
const reference = (await other.innerText()).trim();
await anna.open(path);
await anna.act('link', { relation: 'duplicate_of', complaint: reference });
await anna.look('case-linked');
const link = anna.page.locator(ties, { hasText: 'Unlink' }).first();
await link.waitFor();
await Promise.all([anna.page.waitForEvent('load'), link.locator('a', { hasText: 'Unlink' }).click()]);
await anna.act('unlink', { reason: 'It was another one.' });
assert.equal(await anna.page.locator(ties, { hasText: 'Unlink' }).count(), 0);

await end();
