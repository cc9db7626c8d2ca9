// Debian's Chromium (or `$CHROMIUM`), and what every page has to keep to in it.
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// The narrowest screen that counts (WCAG 2.2 SC 1.4.10).
const narrowest = 320;

// How people look: as on a telephone and as on a desk, in the light and in the dark.
export const views = [
  { name: 'small', width: 360, height: 740, colorScheme: 'light' },
  { name: 'small-dark', width: 360, height: 740, colorScheme: 'dark' },
  { name: 'large', width: 1280, height: 900, colorScheme: 'light' },
  { name: 'large-dark', width: 1280, height: 900, colorScheme: 'dark' },
];

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A browser of somebody's own, with nothing in it yet.
export const somebody = (browser, { width, height, colorScheme }, more = {}) =>
  browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce', bypassCSP: false, ...more });

const describe = ({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 3).map((node) =>
  `    ${node.html.slice(0, 160)}\n    ${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')}`).join('\n')}`;

// What is wrong with the page that is open: what axe finds, and what is wider than a narrow screen.
export async function wrong(page) {
  const found = [];
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), rules);
  found.push(...violations.map(describe));
  const { width, height } = page.viewportSize();
  if (width < 400) {
    await page.setViewportSize({ width: narrowest, height });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) found.push(`${over} px wider than a screen of ${narrowest} px`);
    await page.setViewportSize({ width, height });
  }
  return found;
}
