import { type Command, Option } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { type WeightRule, Weights } from '../../core/scheduling/weights.js';
import {
  checkedTenants,
  type TenantRule,
  tenantByMap,
  tenantByPrefix,
} from '../../core/tenants/tenant-rule.js';
import { readTable } from './table-file.js';
import { mergedRules, parseWeightOf } from './weight-rules.js';

/** What `--tenant-of` asks for; the members of a map are in the file. */
export type TenantOf =
  | { readonly kind: 'prefix'; readonly separator: string }
  | { readonly kind: 'map'; readonly file: string };

export interface TenantFlags {
  tenantOf?: TenantOf;
  tenantWeight?: WeightRule[];
}

/** Who belongs to whom, and how much each tenant counts. */
export interface FoundTenants {
  readonly rule: TenantRule;
  readonly weights: Weights;
}

/** The flags that say whom users belong to and how much tenants count; for every command to which their shares matter. */
export function withTenantOptions(command: Command, help: string): Command {
  return withTenantOf(command, help).option(
    '--tenant-weight <name=n>',
    "with --tenant-of, a tenant's share against the others, by name or glob (may be repeated); 1 unless said",
    (text: string, sofar: WeightRule[] = []) => [...sofar, parseWeightOf('tenant', '--tenant-weight', text)],
  );
}

/** The flag that says whom users belong to. */
export function withTenantOf(command: Command, help: string): Command {
  return command.addOption(
    new Option(
      '--tenant-of <rule>',
      `${help}: prefix:SEPARATOR (prefix:/ makes acme/alice acme's) or map:FILE`,
    ).argParser(parseTenantOf),
  );
}

/** Undefined where nothing is said of tenants. */
export async function tenantsFrom({
  tenantOf,
  tenantWeight = [],
}: TenantFlags): Promise<FoundTenants | undefined> {
  if (tenantOf !== undefined) {
    const weights = new Weights(mergedRules([], tenantWeight, '--tenant-weight'));
    return { rule: await ruleOf(tenantOf), weights };
  }
  if (tenantWeight.length === 0) return undefined;
  throw usageError('TENANT_WEIGHT_WITH', '--tenant-weight: it is not said whom users belong to', {
    hint: 'Give --tenant-of as well, such as --tenant-of prefix:/.',
  });
}

async function ruleOf(tenantOf: TenantOf): Promise<TenantRule> {
  if (tenantOf.kind === 'prefix') return tenantByPrefix(tenantOf.separator);
  const where = `--tenant-of map:${tenantOf.file}`;
  const document = await readTable(where, tenantOf.file, 'TENANTS_NOT_READ', 'acme = ["alice", "acme-*"]');
  return tenantByMap(tenantOf.file, checkedTenants(document, where));
}

export function parseTenantOf(text: string): TenantOf {
  const [, kind, rest = ''] = /^(prefix|map):(.+)$/s.exec(text) ?? [];
  if (kind === 'prefix') return { kind, separator: rest };
  if (kind === 'map') return { kind, file: rest };
  throw usageError('BAD_TENANT_OF', `--tenant-of: "${text}" does not say whom users belong to`, {
    hint: 'Write prefix:SEPARATOR, such as prefix:/, or map:FILE.',
  });
}
