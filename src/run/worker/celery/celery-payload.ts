import type { CeleryCall } from '../../../core/celery/decode-task.js';
import type { Payload } from '../handlers.js';

/** What a Celery task is called with: `{"args": […], "kwargs": {…}}`. */
export class CeleryPayload implements Payload {
  readonly contentType = 'application/json';

  constructor(readonly value: CeleryCall) {}

  /** Made only for who asks: most handlers want the value. */
  get bytes(): Buffer {
    return Buffer.from(JSON.stringify(this.value));
  }
}
