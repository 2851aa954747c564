import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementTexts, jsonText, memberText, WrittenJson } from '../../../../src/core/values/written-json.js';

describe('JSON as it was written', () => {
  it('is cut out of an object with its numbers, blanks and escapes', () => {
    const payload = '{ "id": 1234567890123456789,\t"e":1e400, "t":"\\u00fc\\\\\\"}" }';
    for (const source of [
      `{"user":"N","payload":${payload}}`,
      ` { "payload" : ${payload} , "z" : [ "payload" , {"payload":1} ] } `,
      `{"payload":1,"a":{"payload":2},"pay\\u006coad":${payload}}`,
    ]) {
      expect(memberText(source, 'payload')).toBe(payload);
    }
    expect(memberText('{"a":"\\\\","payload":-0.10}', 'payload')).toBe('-0.10');
    expect(memberText('{}', 'payload')).toBeUndefined();
    expect(memberText('{"a":{"payload":1}}', 'payload')).toBeUndefined();
  });

  it('is cut out of an array', () => {
    expect(elementTexts(' [ 1.0 , "a,]\\"", [2,[3]] ,{"x":[ ]}, null]')).toEqual([
      ...['1.0', '"a,]\\""', '[2,[3]]', '{"x":[ ]}', 'null'],
    ]);
    expect(elementTexts('[ ]')).toEqual([]);
  });

  it('says what JSON.parse says, whatever the members are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, isWide) => {
        const source = JSON.stringify(object, undefined, isWide ? 2 : 0);
        const parsed: unknown = JSON.parse(source);
        for (const [name, value] of Object.entries(parsed as object)) {
          expect(JSON.parse(memberText(source, name) ?? '')).toEqual(value);
        }
        const list = Object.values(parsed as object);
        expect(elementTexts(JSON.stringify(list)).map((text) => JSON.parse(text))).toEqual(list);
      }),
    );
  });

  it('goes into a document without a change, and what is undefined does not', () => {
    const document = { a: 'x', result: new WrittenJson('{"n":1e400}'), none: undefined, list: [1, null] };
    expect(jsonText(document)).toBe('{"a":"x","result":{"n":1e400},"list":[1,null]}');
  });
});
