import type { Api } from '../http/api.js';
import type { Services } from './services.js';
import { stillAs } from './still-as.js';

const LOOKS =
  'event "look" every two seconds: a Live document; event "trouble": a Problem, where the broker does not say';

/** `GET /v1/live`: what the page follows. */
export function addLiveRoutes(api: Api, { live, requireOwnQueues }: Services): void {
  api.add(
    {
      id: 'live',
      method: 'get',
      path: '/v1/live',
      tag: 'overview',
      role: 'viewer',
      summary: 'How users and workers fare, told again and again as server-sent events.',
      answers: {
        200: { description: LOOKS, type: 'text/event-stream' },
        429: { description: 'too many streams are open' },
        503: { description: 'too many streams are open' },
      },
    },
    async ({ identity, request, identifyAgain }) => {
      requireOwnQueues();
      return live.follow({ user: identity.user, request, isStill: stillAs(identity, identifyAgain) });
    },
  );
}
