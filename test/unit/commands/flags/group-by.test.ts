import { describe, expect, it } from 'vitest';
import { parseGroupBy } from '../../../../src/commands/flags/group-by.js';

describe('--group-by', () => {
  it('takes four kinds', () => {
    expect(parseGroupBy('user')).toEqual({ kind: 'user' });
    expect(parseGroupBy('prefix:2')).toEqual({ kind: 'prefix', count: 2 });
    expect(parseGroupBy('hash:64')).toEqual({ kind: 'hash', count: 64 });
    expect(parseGroupBy('map:a:b.toml')).toEqual({ kind: 'map', file: 'a:b.toml' });
  });

  it.each([
    '',
    'users',
    'hash',
    'hash:',
    'hash:0',
    'hash:1.5',
    'hash:65537',
    'prefix:17',
    'prefix:-1',
    'map:',
  ])('refuses %j', (text) => expect(() => parseGroupBy(text)).toThrow('--group-by'));
});
