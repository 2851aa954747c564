import fc from 'fast-check';

/** So many of each: a decoder has to live through whatever anybody may send. */
export const FUZZ = { numRuns: 100_000 };
export const FUZZ_TIMEOUT_MS = 300_000;

/** Numbers at the edges of what is a number at all. */
const HOSTILE_NUMBERS = [
  ...[0, -0, -1, 1, 2, 0.5, 1_000_000, 1_000_001, 2 ** 31, 2 ** 53, -(2 ** 53), 2 ** 63, 1e308],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE],
];
export const hostileNumber = fc.oneof(fc.constantFrom(...HOSTILE_NUMBERS), fc.double(), fc.integer());

/** Texts that some parsers take for a number, and some that are one. */
export const hostileDigits = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '1', '-1', '+1', '1e3', '0x10', '0b1', '1.5', 'NaN', 'Infinity', '1_000', '01', '１'],
    ...['9007199254740992', '99999999999999999999', '1790000000000000', '1000000', '1000001', 'null'],
  ),
  hostileNumber.map(String),
);

/**
 * JSON, near to a document that is all right: a field of it is missing, another value, or of another type.
 * An Infinity is written as 1e999, which is how it comes through JSON.
 */
export function nearly(document: Readonly<Record<string, unknown>>): fc.Arbitrary<string> {
  const names = Object.keys(document);
  const other = fc.oneof(
    hostileNumber,
    fc.string(),
    fc.constantFrom(null, true, [], {}, ['__proto__'], { length: 3 }, [[]], [['u', 1e308]]),
    fc.array(hostileNumber, { maxLength: 3 }),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom(...names), other, { maxKeys: 3 }),
      fc.subarray(names, { maxLength: 2 }),
    )
    .map(([changes, missing]) => {
      const changed: Record<string, unknown> = { ...document, ...changes };
      for (const name of missing.slice(1)) delete changed[name];
      return JSON.stringify(changed, (_, value) =>
        typeof value === 'number' && !Number.isFinite(value) ? '1e999' : value,
      ).replaceAll('"1e999"', '1e999');
    });
}

export const hostileJson = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '1e999',
    '{"v":1}',
    '{"__proto__":{"v":1}}',
    '['.repeat(5_000),
  ),
);
