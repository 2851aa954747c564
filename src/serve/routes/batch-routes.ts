import { z } from 'zod';
import type { Api } from '../http/api.js';
import { checkType, parsedJson } from '../http/body.js';
import { type BodyLine, BodyLines } from '../http/body-lines.js';
import { BodyPieces } from '../http/body-pieces.js';
import { checked } from '../http/checked.js';
import { cutOff } from '../http/connections.js';
import { serverEnds } from '../http/problem.js';
import { Batch } from '../tasks/batch.js';
import { openBatches } from '../tasks/open-batches.js';
import { tracedBy } from '../tasks/request-trace.js';
import type { Services } from './services.js';

const NDJSON = 'application/x-ndjson';

/** Batches at a time: each holds a window of lines in memory. */
const MOST_BATCHES = 32;
/** The same of one user. */
const MOST_OF_USER = 4;
/** Whoever reads no answer for so long is cut off. */
const UNREAD_WITHIN_MS = 60_000;

const LINE_ANSWER = z
  .union([
    z.strictObject({ line: z.int().min(1), id: z.string(), user: z.string() }),
    z.strictObject({
      line: z.int().min(1),
      problem: z.looseObject({
        type: z.string(),
        title: z.string(),
        status: z.int(),
        detail: z.string().optional(),
      }),
    }),
  ])
  .meta({ id: 'LineAnswer' });

/** `POST /v1/tasks/batch`. */
export function addBatchRoutes(api: Api, services: Services): void {
  const { sending, kind, newId, nowMicros, closing, limits, problemOf } = services;
  const underWay = openBatches(MOST_BATCHES, MOST_OF_USER);

  async function answerTo(line: BodyLine, user: string, headers: Headers): Promise<object> {
    const { number, text = '' } = line;
    try {
      if (line.problem !== undefined) throw line.problem;
      const requested = checked(kind.schema, parsedJson(text, 'line'), 'line');
      const id = newId();
      const task = kind.plan(id, user, requested, text, nowMicros());
      await kind.prepare(user);
      await sending.send(tracedBy(headers, task));
      return { line: number, id, user };
    } catch (error) {
      return { line: number, problem: problemOf(error).document() };
    }
  }

  api.add(
    {
      id: 'sendTasks',
      method: 'post',
      path: '/v1/tasks/batch',
      tag: 'tasks',
      role: 'user',
      summary: 'Send many tasks, one a line, and read an answer for each while they are sent.',
      bodyType: NDJSON,
      answers: {
        200: {
          description: 'an answer for each line, in their order: its id after the confirm, or a problem',
          type: NDJSON,
          schema: LINE_ANSWER,
        },
      },
    },
    async ({ identity, request }) => {
      checkType(request, NDJSON);
      sending.checkReady();
      const leave = underWay.open(identity.user);
      const pieces = new BodyPieces(request.body ?? empty(), limits.withinMs);
      const batch = new Batch({
        pieces,
        lines: new BodyLines(limits.mostBytes),
        answer: (line) => answerTo(line, identity.user, request.headers),
        problemOf,
        room: () => sending.room(),
        unreadWithinMs: UNREAD_WITHIN_MS,
        cutOff: () => cutOff(request),
      });
      const onClosing = () => batch.stop(serverEnds());
      closing.addEventListener('abort', onClosing);
      batch.ended.then(() => {
        leave();
        closing.removeEventListener('abort', onClosing);
      });
      return new Response(batch.stream(), {
        headers: { 'content-type': NDJSON, 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      });
    },
  );
}

function empty(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
