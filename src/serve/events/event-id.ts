import { Problem } from '../http/problem.js';

/** Where an event stands in the stream of events. */
export interface EventId {
  /** Of its message. */
  readonly offset: number;
  /** Its number in the message, from 0; undefined: the last. */
  readonly index?: number;
}

/** @param isLast of its message: all of it has been told then */
export function eventIdText(offset: number, index: number, isLast: boolean): string {
  return isLast ? String(offset) : `${offset}.${index}`;
}

/** @throws Problem 400 for what this server cannot have written */
export function parseEventId(text: string): EventId {
  const [, offset, index] = /^(\d{1,16})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (offset === undefined || !Number.isSafeInteger(Number(offset))) {
    throw new Problem(
      400,
      'bad-event-id',
      'There is no such event',
      `The last event id is ${JSON.stringify(text.slice(0, 100))}, and has to be one that this server has sent.`,
    );
  }
  return { offset: Number(offset), ...(index !== undefined && { index: Number(index) }) };
}

/** Whether an event comes after another. */
export function isAfter(id: EventId, offset: number, index: number): boolean {
  return offset > id.offset || (offset === id.offset && id.index !== undefined && index > id.index);
}
