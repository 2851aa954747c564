import { messageOf } from '../../../core/errors/errors.js';
import type { KeptValue } from '../../../core/events/task-result.js';
import { losslessJson } from '../../../core/values/lossless-json.js';
import { WrittenJson } from '../../../core/values/written-json.js';

/**
 * A handler may return anything: undefined is no result, bytes are a text where they are UTF-8, and all else is
 * what JSON makes of it, where that loses nothing. What cannot be kept is replaced by the reason: the task itself has done its work.
 *
 * @param mostBytes of the value as JSON
 */
export function keptValue(value: unknown, mostBytes: number): KeptValue | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return keptBytes(value, mostBytes);
  if (value instanceof ArrayBuffer) return keptBytes(new Uint8Array(value), mostBytes);
  if (value instanceof WrittenJson) {
    return fits(value.text, mostBytes) ? { json: value.text } : tooLarge(mostBytes);
  }
  let json: string | undefined;
  try {
    json = losslessJson(value);
  } catch (error) {
    return { dropped: `it is not JSON: ${messageOf(error).split('\n', 1)[0]}` };
  }
  if (json === undefined) return { dropped: `it is not JSON: a ${typeof value}` };
  return fits(json, mostBytes) ? { json } : tooLarge(mostBytes);
}

function keptBytes(bytes: Uint8Array, mostBytes: number): KeptValue {
  if (bytes.length > mostBytes) return tooLarge(mostBytes);
  try {
    const json = JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return fits(json, mostBytes) ? { json } : tooLarge(mostBytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

function fits(json: string, mostBytes: number): boolean {
  return json.length <= mostBytes && Buffer.byteLength(json) <= mostBytes;
}

function tooLarge(mostBytes: number): KeptValue {
  return { dropped: `it takes more than ${mostBytes} bytes (--result-size)` };
}
