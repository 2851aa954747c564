// What a script prints, when it has ended.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Rejects where it ends with another exit code than 0. */
export async function printed(script, args, env) {
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with exit code ${code}`);
  return text;
}
