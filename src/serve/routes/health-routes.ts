import type { Api } from '../http/api.js';
import type { Services } from './services.js';

/** The probes of a supervisor. */
export function addHealthRoutes(api: Api, { trouble }: Pick<Services, 'trouble'>): void {
  const plain = (status: number, text: string) =>
    new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });

  api.add(
    {
      id: 'livez',
      method: 'get',
      path: '/livez',
      tag: 'health',
      role: 'anyone',
      summary:
        'Whether the process answers. A server whose broker is away is to wait, and not to be started again.',
      answers: { 200: { description: 'it does', type: 'text/plain' } },
    },
    async () => plain(200, 'ok'),
  );

  api.add(
    {
      id: 'readyz',
      method: 'get',
      path: '/readyz',
      tag: 'health',
      role: 'anyone',
      summary: 'Whether it can send tasks: connected, and the broker is under no alarm.',
      answers: {
        200: { description: 'it can', type: 'text/plain' },
        503: { description: 'it cannot, and why', type: 'text/plain' },
      },
    },
    async () => {
      const reason = trouble();
      return reason === undefined ? plain(200, 'ok') : plain(503, reason);
    },
  );
}
