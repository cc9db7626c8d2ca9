// Opens every page of `target/gallery` (cargo run -p pages --example gallery) in Debian's Chromium, as on a telephone and as on a desk,
// in the light and in the dark; fails on any violation that axe finds and on anything wider than the screen. With `--pictures`, which
// takes longer, it keeps pictures in `target/gallery/shots`.
//
//   npm ci && node gallery.mjs [--pictures] [part of a name …]
import { readFile, readdir, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, somebody, views, wrong } from './browser.mjs';

const gallery = fileURLToPath(new URL('../../target/gallery', import.meta.url));
const shots = join(gallery, 'shots');
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

const pictures = process.argv.includes('--pictures');
const wanted = process.argv.slice(2).filter((word) => word !== '--pictures');
const names = (await readdir(gallery)).filter((name) => name.endsWith('.html') && name !== 'index.html').map((name) => name.slice(0, -5));
const chosen = names.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part))).sort();
await mkdir(shots, { recursive: true });

const browser = await launch();
let checked = 0;
const found = [];
await Promise.all(views.map(async ({ name: view, ...look }) => {
  const context = await somebody(browser, look);
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && found.push(`${page.url()} ${view}: ${message.text()}`));
  for (const name of chosen) {
    const standard = name.endsWith('.en.standard');
    // Other languages and formats have the same markup: once is enough, where there is least room.
    if (!standard && view !== 'small') continue;
    await page.goto(`${origin}/${name}.html`);
    found.push(...(await wrong(page)).map((what) => `${name} ${view}: ${what}`));
    if (pictures && (wanted.length > 0 || standard || name.startsWith('start.') || name.startsWith('case.'))) {
      await page.screenshot({ path: join(shots, `${name}.${view}.png`), fullPage: true });
    }
    checked += 1;
  }
  await context.close();
}));
await browser.close();
server.close();
console.log(found.join('\n'));
console.log(`${checked} views of ${chosen.length} pages: ${found.length} violations`);
process.exit(found.length === 0 && checked > 0 ? 0 : 1);
