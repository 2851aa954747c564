// The story on this machine: sets up what is missing, then plays one round of `fairq bench seed` on a throw-away
// broker (or on the one that FAIRQ_URI names). One round says nothing of speed, so none is judged.
//
//   npm run demo
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const { env } = await setUp();
const bin = fileURLToPath(new URL('../bin/fairq.js', import.meta.url));
const args = [bin, 'bench', 'seed', '--rounds', '1', ...process.argv.slice(2)];
const { status, signal } = spawnSync(process.execPath, args, {
  stdio: 'inherit',
  env: { ...process.env, ...env },
});
process.exitCode = signal ? 130 : status;
