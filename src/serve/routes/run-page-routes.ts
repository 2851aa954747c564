import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { Api } from '../http/api.js';
import type { RunPages } from '../run-page.js';
import { PAGE_POLICY } from './page-routes.js';
import type { Services } from './services.js';

const MOST_CHARACTERS = 1_000;

/**
 * The page of a run, as `fairq report --html` writes it. The run stands in the query: it may be called "..", or nothing at
 * all, and no path can say that.
 */
export function addRunPageRoutes(api: Api, { reports }: Pick<Services, 'reports'>, pages: RunPages): void {
  api.add(
    {
      id: 'runPage',
      method: 'get',
      path: '/report',
      tag: 'page',
      role: 'viewer',
      summary: 'A run, drawn: who completed when, who waited how long, who was behind.',
      query: z.strictObject({
        run: z
          .string()
          .max(MOST_CHARACTERS)
          .describe('its id, a start that no other has, or several by * and ?; empty for tasks of no run'),
      }),
      answers: {
        200: { description: 'the page', type: 'text/html' },
        400: { description: 'several runs start so' },
        404: { description: 'nobody has heard of this run' },
        503: { description: 'the broker does not say, or too many ask' },
      },
    },
    async ({ query: { run }, request }) => {
      const packed = await reports.page(run, pages);
      const headers = {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': PAGE_POLICY,
        'referrer-policy': 'no-referrer',
        vary: 'accept-encoding',
      };
      const takesPacked = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
      return takesPacked
        ? new Response(new Uint8Array(packed), { headers: { ...headers, 'content-encoding': 'gzip' } })
        : new Response(new Uint8Array(await promisify(gunzip)(packed)), { headers });
    },
  );
}
