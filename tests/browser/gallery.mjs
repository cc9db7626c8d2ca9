// Opens every page of `target/gallery` (cargo run -p pages --example gallery) in Debian's Chromium, as on a telephone and as on a desk,
// in the light and in the dark; fails on any violation that axe finds and on anything wider than the screen; keeps pictures.
//
//   npm ci && node gallery.mjs [part of a name …]
import { readFile, readdir, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const gallery = fileURLToPath(new URL('../../target/gallery', import.meta.url));
const shots = join(gallery, 'shots');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const views = [
  { name: 'small', width: 360, height: 740, colorScheme: 'light' },
  { name: 'small-dark', width: 360, height: 740, colorScheme: 'dark' },
  { name: 'large', width: 1280, height: 900, colorScheme: 'light' },
  { name: 'large-dark', width: 1280, height: 900, colorScheme: 'dark' },
];
// The narrowest screen that counts (WCAG 2.2 SC 1.4.10).
const narrowest = 320;
const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = (await readFile(new URL('../../pages/src/lib.rs', import.meta.url), 'utf8'))
  .match(/CONTENT_SECURITY_POLICY: &str = "([^]*?)";/)[1].replace(/\\\n\s*/, '');

// Served, not opened as files: the policy is a header, and `'self'` means nothing for a file.
const server = createServer(async (request, response) => {
  const path = join(gallery, decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
  const body = await readFile(path).catch(() => null);
  response.writeHead(body ? 200 : 404, { 'Content-Type': types[extname(path)] ?? 'text/plain', 'Content-Security-Policy': policy });
  response.end(body);
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const wanted = process.argv.slice(2);
const names = (await readdir(gallery)).filter((name) => name.endsWith('.html') && name !== 'index.html').map((name) => name.slice(0, -5));
const chosen = names.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part))).sort();
await mkdir(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let checked = 0;
const found = [];
for (const { name: view, width, height, colorScheme } of views) {
  // With scripts allowed for axe only: pages have none, and the policy would stop them.
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce', bypassCSP: false });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && found.push(`${page.url()} ${view}: ${message.text()}`));
  for (const name of chosen) {
    const standard = name.endsWith('.en.standard');
    // Other languages and formats have the same markup: once is enough, where there is least room.
    if (!standard && view !== 'small') continue;
    await page.goto(`${origin}/${name}.html`);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), rules);
    for (const { id, help, nodes } of violations) {
      found.push(`${name} ${view}: ${id}: ${help}\n${nodes.slice(0, 3).map((node) => `    ${node.html.slice(0, 160)}\n    ${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')}`).join('\n')}`);
    }
    if (width < 400) {
      await page.setViewportSize({ width: narrowest, height });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) found.push(`${name}: ${over} px wider than a screen of ${narrowest} px`);
      await page.setViewportSize({ width, height });
    }
    if (wanted.length > 0 || standard || name.startsWith('start.') || name.startsWith('case.')) {
      await page.screenshot({ path: join(shots, `${name}.${view}.png`), fullPage: true });
    }
    checked += 1;
  }
  await context.close();
}
await browser.close();
server.close();
console.log(found.join('\n'));
console.log(`${checked} views of ${chosen.length} pages: ${found.length} violations`);
process.exit(found.length === 0 && checked > 0 ? 0 : 1);
