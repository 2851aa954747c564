// The pictures of the page in docs: `fairq bench noisy` plays an incident, and a browser looks on. A user floods, and another
// waits. It writes docs/page-overview-{light,dark}.png and docs/page-user-{light,dark}.png, and needs Chromium.
//
//   node scripts/page-pictures.mjs [--after 35 --user A]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import connect from 'chrome-remote-interface';
import { setUp } from './setup.mjs';

const WIDTH = 1_280;
const HEIGHT = 900;
const { values } = parseArgs({
  options: { after: { type: 'string', default: '35' }, user: { type: 'string', default: 'A' } },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'fairq.js');
const ends = [];

await setUp();
const { startThrowAwayNode } = await import('../dist/broker/node/private-node.js');
const node = await startThrowAwayNode();
const env = { ...process.env, FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
const folder = mkdtempSync(join(tmpdir(), 'fairq-pictures-'));
try {
  start(
    process.execPath,
    [bin, '--quiet', 'bench', 'noisy', '--strategy', 'fair', '--scale', '10'],
    'ignore',
  );
  const vhost = await until(trialVhost);
  const server = start(process.execPath, [bin, 'serve', '-V', vhost, '--auth', 'none', '--port', '0']);
  const [, url] = await said(server, /answers on (\S+);/);
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
  const browser = start(process.env.FAIRQ_CHROMIUM ?? 'chromium', [...flags, `--user-data-dir=${folder}`]);
  const [, port] = await said(browser, /DevTools listening on ws:\/\/[^:]+:(\d+)/);
  const client = await connect({ port: Number(port) });
  ends.push(() => client.close());
  await client.Emulation.setDeviceMetricsOverride({
    width: WIDTH,
    height: HEIGHT,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await client.Page.enable();
  await client.Page.navigate({ url });
  await delay(Number(values.after) * 1_000);
  for (const [name, hash] of [
    ['overview', '#/'],
    ['user', `#/users/${encodeURIComponent(values.user)}`],
  ]) {
    await client.Runtime.evaluate({ expression: `location.hash = ${JSON.stringify(hash)}` });
    await delay(5_000);
    for (const scheme of ['light', 'dark']) {
      await client.Emulation.setEmulatedMedia({
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      await delay(500);
      const { data } = await client.Page.captureScreenshot({ format: 'png' });
      const file = join(root, 'docs', `page-${name}-${scheme}.png`);
      writeFileSync(file, Buffer.from(data, 'base64'));
      console.log(file);
    }
  }
} finally {
  for (const end of ends.reverse()) await end();
  await node.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function start(program, args, stderr = 'pipe') {
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', stderr] });
  const ended = once(child, 'close');
  ends.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

async function said(child, pattern) {
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  return until(() => pattern.exec(text));
}

async function until(ask) {
  for (;;) {
    const found = await ask();
    if (found) return found;
    await delay(200);
  }
}

/** `bench` plays each trial in a vhost of its own. */
async function trialVhost() {
  const { protocol, host } = new URL(node.managementUri);
  const { username, password } = new URL(node.uri);
  const login = Buffer.from(`${username || 'guest'}:${password || 'guest'}`).toString('base64');
  const answer = await fetch(`${protocol}//${host}/api/vhosts?columns=name`, {
    headers: { authorization: `Basic ${login}` },
  });
  return (await answer.json()).map(({ name }) => name).find((name) => name !== '/');
}
