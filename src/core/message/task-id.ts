const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * Makes task ids: UUIDs of version 7 (RFC 9562, 5.7 and the counter of 6.2, method 1), which sort by
 * the time they were made. One generator never repeats itself; 62 random bits, drawn once, keep two
 * generators apart, and a 12-bit counter keeps apart what one of them makes in a millisecond.
 *
 * @param random 8 random bytes
 * @param nowMs  milliseconds since the Unix epoch
 */
export function taskIdGenerator(random: Uint8Array, nowMs: () => number): () => string {
  const tail = new Uint8Array(8);
  tail.set(random.subarray(0, 8));
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
  const end = `-${hex(tail, 0, 2)}-${hex(tail, 2, 8)}`;
  let last = 0;
  let counter = 0;
  let start = '';
  return () => {
    const now = Math.max(Math.floor(nowMs()), last);
    counter = now === last ? counter + 1 : 0;
    if (counter > 0xfff) {
      // More than 4,096 in a millisecond: borrow from the next one.
      last += 1;
      counter = 0;
      start = timePart(last);
    } else if (now !== last) {
      last = now;
      start = timePart(now);
    }
    return `${start}-7${HEX[counter >> 8]![1]}${HEX[counter & 0xff]}${end}`;
  };
}

const TASK_ID = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}(-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/** Of any id: AMQP has no longer ones. */
export const MOST_ID_BYTES = 255;

/** Characters of an id. */
export const TASK_ID_LENGTH = 36;

const LIKE_AN_ID = '00000000-0000-7000-8000-000000000000';

/** Whether a text reads like the first characters of an id, and not like all of one. */
export function isStartOfId(text: string): boolean {
  return (
    text.length >= 6 && text.length < TASK_ID_LENGTH && TASK_ID.test(text + LIKE_AN_ID.slice(text.length))
  );
}

/** When an id was made, milliseconds since the Unix epoch; undefined for one that is no UUID of version 7. */
export function idTime(id: string): number | undefined {
  const match = TASK_ID.exec(id);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}

/** What the ids of one generator have in common, and no other's; undefined for an id of another making. */
export function idSeries(id: string): string | undefined {
  return TASK_ID.exec(id)?.[3];
}

/**
 * A task id that others can make again: it is a UUID of version 7 as well.
 *
 * @param at    milliseconds since the Unix epoch
 * @param bytes 10 that are as good as random
 */
export function taskIdOf(at: number, bytes: Uint8Array): string {
  const tail = bytes.slice(0, 10);
  tail[0] = (tail[0]! & 0x0f) | 0x70;
  tail[2] = (tail[2]! & 0x3f) | 0x80;
  return `${timePart(Math.floor(at))}-${hex(tail, 0, 2)}-${hex(tail, 2, 4)}-${hex(tail, 4, 10)}`;
}

function timePart(milliseconds: number): string {
  const text = milliseconds.toString(16).padStart(12, '0');
  return `${text.slice(0, 8)}-${text.slice(8)}`;
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += HEX[bytes[i]!];
  return text;
}
