import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTenantOf, tenantsFrom } from '../../../../src/commands/flags/tenant-flags.js';
import { parseWeightOf } from '../../../../src/commands/flags/weight-rules.js';
import { useFolder } from '../../../support/folder.js';

const folder = useFolder();

describe('--tenant-of', () => {
  it('says nothing of tenants where it is not given', async () => {
    expect(await tenantsFrom({})).toBeUndefined();
  });

  it('takes a separator, or a file as TOML or JSON', async () => {
    const toml = folder.file('tenants.toml');
    const json = folder.file('tenants.json');
    writeFileSync(toml, 'acme = ["alice", "a-*"]');
    writeFileSync(json, '{"acme": ["alice", "a-*"]}');
    for (const text of [`map:${toml}`, `map:${json}`]) {
      const tenants = await tenantsFrom({ tenantOf: parseTenantOf(text) });
      expect(tenants?.rule.tenantOf('a-7')).toBe('acme');
      expect(tenants?.rule.text).toBe(text);
    }
    const tenants = await tenantsFrom({
      tenantOf: parseTenantOf('prefix:/'),
      tenantWeight: [parseWeightOf('tenant', '--tenant-weight', 'acme=3')],
    });
    expect(tenants?.rule.tenantOf('acme/alice')).toBe('acme');
    expect(['acme', 'globex'].map((name) => tenants?.weights.find(name).weight)).toEqual([3, 1]);
  });

  it('refuses what makes no sense', async () => {
    for (const text of ['prefix', 'prefix:', 'acme', 'map:', 'hash:3']) {
      expect(() => parseTenantOf(text)).toThrow(/does not say whom users belong to/);
    }
    await expect(tenantsFrom({ tenantOf: parseTenantOf('map:/nowhere') })).rejects.toThrow(
      /--tenant-of map:\/nowhere/,
    );
    const tenantWeight = [parseWeightOf('tenant', '--tenant-weight', 'acme=3')];
    await expect(tenantsFrom({ tenantWeight })).rejects.toThrow(/--tenant-weight/);
    expect(() => parseWeightOf('tenant', '--tenant-weight', 'acme')).toThrow(
      '--tenant-weight: "acme" is not a tenant and a weight',
    );
  });
});
