import { describe, expect, it } from 'vitest';
import { checkedTenants, tenantByMap, tenantByPrefix } from '../../../../src/core/tenants/tenant-rule.js';

describe('whom a user belongs to', () => {
  it('is what stands before the first separator', () => {
    const { tenantOf, text } = tenantByPrefix('/');
    expect(text).toBe('prefix:/');
    expect(['acme/alice', 'acme/a/b', 'bob', 'acme', '/root', 'acme/'].map(tenantOf)).toEqual([
      'acme',
      'acme',
      'bob',
      'acme',
      '/root',
      'acme',
    ]);
    expect(tenantByPrefix('::').tenantOf('acme::alice')).toBe('acme');
  });

  it('is what a map says: by name before glob, and by the longer glob', () => {
    const tenants = checkedTenants({ acme: ['alice', 'a-*'], globex: ['a-long-*', 'bob'] }, 'map');
    const { tenantOf } = tenantByMap('file', tenants);
    expect(['alice', 'a-1', 'a-long-1', 'bob', 'eve'].map(tenantOf)).toEqual([
      'acme',
      'acme',
      'globex',
      'globex',
      'eve',
    ]);
  });

  it.each([
    [[], 'it is not an object of tenants and their users'],
    [{}, 'it holds no tenant'],
    [{ acme: 'alice' }, 'the tenant "acme" is not a list of users'],
    [{ acme: [] }, 'the tenant "acme" is empty'],
    [{ acme: [7] }, 'the tenant "acme" holds 7, which is neither a user nor a glob'],
    [{ '': ['alice'] }, '"" cannot be the name of a tenant'],
    [{ acme: ['alice'], globex: ['alice'] }, '"alice" is of two tenants, "acme" and "globex"'],
  ])('is not to be read from %j', (document, reason) => {
    expect(() => checkedTenants(document, 'the map')).toThrow(`the map: ${reason}`);
  });
});
