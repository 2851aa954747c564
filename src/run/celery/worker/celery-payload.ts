import { type CeleryCall, writtenCall } from '../../../core/celery/decode-task.js';
import type { Payload } from '../../worker/handlers/handlers.js';

/** What a Celery task is called with: `{"args": […], "kwargs": {…}}`. */
export class CeleryPayload implements Payload {
  readonly contentType = 'application/json';

  /** @param body as it came: numbers are to stay as they were written */
  constructor(
    readonly value: CeleryCall,
    private readonly body: string,
  ) {}

  /** Made only for who asks: most handlers want the value. */
  get bytes(): Buffer {
    const { args = '[]', kwargs = '{}' } = writtenCall(this.body);
    return Buffer.from(`{"args":${args},"kwargs":${kwargs}}`);
  }
}
