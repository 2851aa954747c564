import { expect, it } from 'vitest';
import { parseGroupFields } from '../../../../src/commands/dead/group-fields.js';

it('are read with commas between them', () => {
  expect(parseGroupFields('user')).toEqual(['user']);
  expect(parseGroupFields('user, reason')).toEqual(['user', 'reason']);
});

it.each(['', 'users', 'user,user', 'user;reason'])('refuses %j', (text) => {
  expect(() => parseGroupFields(text)).toThrow(`--by ${text}: this is not a list of fields`);
});
