import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { OpenAPIClientAxios } from 'openapi-client-axios';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../../support/folder.js';
import { ask, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();
const serving = useServing(env);
const run = promisify(execFile);

const RULES = `
extends: [recommended]
rules:
  security-defined: error
  operation-operationId-unique: error
  operation-4xx-response: off # probes are asked nothing that could be wrong
  tag-description: off
`;

describe('GET /openapi.json', () => {
  it('passes the checks of a public validator', async () => {
    const { status, text } = await ask(serving, '/openapi.json');
    expect(status).toBe(200);
    await writeFile(folder.file('openapi.json'), text);
    await writeFile(folder.file('redocly.yaml'), RULES);
    const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const args = [
      'lint',
      folder.file('openapi.json'),
      '--config',
      folder.file('redocly.yaml'),
      '--format',
      'json',
    ];
    const { stdout } = await run('node_modules/.bin/redocly', args, {
      env: { ...process.env, ...quiet },
    }).catch((error: { stdout: string }) => error);
    const { totals, problems } = JSON.parse(stdout);
    expect(problems.map(({ message, location }: Record<string, unknown>) => [message, location])).toEqual([]);
    expect(totals).toMatchObject({ errors: 0, warnings: 0 });
  });

  it('is enough to make a client of, which sends a task and asks for it', async () => {
    const { json } = await ask(serving, '/openapi.json');
    const api = new OpenAPIClientAxios({
      definition: json as never,
      withServer: { url: serving.url },
      axiosConfigDefaults: { headers: { 'X-Fairq-User': 'client' } },
    });
    const client = await api.init();
    const sent = await client.sendTask!({}, { task: 'noop', payload: [1] });
    expect(sent.status).toBe(202);
    const found = await client.getTask!({ id: sent.data.id });
    expect(found.data).toMatchObject({ id: sent.data.id, state: 'queued', user: 'client', task: 'noop' });
  });
});

describe('GET /metrics', () => {
  it('counts what was answered, by operation and not by path', async () => {
    await ask(serving, '/v1/tasks/no-such-id', { user: 'A' });
    const { text } = await ask(serving, '/metrics');
    expect(text).toMatch(/fairq_http_requests_total\{operation="\/v1\/tasks\/\{id\}",status="404"\} [1-9]/);
    expect(text).toMatch(/^fairq_http_ready 1$/m);
    expect(text).toMatch(/^fairq_policy_revision 0$/m);
    expect(text).toMatch(/^fairq_policy_rules\{limit="paused"\} 0$/m);
    expect(text).not.toContain('no-such-id');
  });
});
