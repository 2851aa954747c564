/**
 * A value as JSON; undefined for what JSON has no text for, such as a function.
 *
 * @throws TypeError where the text would not be the value: NaN, a Map, bytes, a circle
 */
export function losslessJson(value: unknown): string | undefined {
  return JSON.stringify(value, refuseLossy);
}

/** JSON would make null of such a number and {} of such an object, and nobody would know. */
function refuseLossy(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON number`);
  if (ArrayBuffer.isView(value) || NOT_JSON.some((kind) => value instanceof kind)) {
    throw new TypeError(`JSON has no ${Object.prototype.toString.call(value).slice(8, -1)}`);
  }
  return value;
}

const NOT_JSON = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer];
