import { limitText, momentText, settingText } from '../../core/policy/limit-text.js';
import {
  LIMIT_NAMES,
  type LimitName,
  type PolicyRule,
  type RuleOf,
  type Setting,
} from '../../core/policy/policy-document.js';
import type {
  EndedBacklog,
  PolicyFor,
  PolicyHistory,
  PolicyList,
  SettingInForce,
} from '../../core/reports/policy-report.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';

interface RuleRow {
  readonly rule: PolicyRule;
  readonly limit: LimitName;
  readonly setting: Setting<unknown>;
}

export function renderPolicy(
  { revision, rules, at, by, endedInForce }: PolicyList,
  style: TextStyle,
): string {
  if (revision === 0) return 'Nothing is set: there is no policy yet.';
  const made = `Revision ${revision}, made ${momentText(at)} by ${safeText(by, style.unicode)}.`;
  const last = [made, ...endedLines(endedInForce, style)].join('\n');
  if (rules.length === 0) return `Nothing is set.\n\n${last}`;
  const rows = rules.flatMap((rule) =>
    LIMIT_NAMES.flatMap((limit): RuleRow[] => {
      const setting = rule.limits[limit];
      return setting === undefined ? [] : [{ rule, limit, setting }];
    }),
  );
  const table = renderTable<RuleRow>(
    [
      {
        heading: 'for',
        text: ({ rule }) => whose(rule.of, rule.name, style),
        align: 'left',
        shrinkTo: 8,
        whole: true,
      },
      { heading: 'setting', text: ({ limit, setting }) => limitText(limit, setting.value), align: 'left' },
      ...settingColumns<RuleRow>(({ setting }) => setting, style),
    ],
    rows,
    style,
  );
  const count = `${formatCount(rules.length)} ${rules.length === 1 ? 'rule' : 'rules'}`;
  return `${table}\n\n${paint('strong', count, style)}. ${last}`;
}

export function renderPolicyFor(
  { of, name, revision, inForce, tenant, endedInForce }: PolicyFor,
  style: TextStyle,
): string {
  const title = whose(of, name, style);
  const ended = endedLines(endedInForce, style);
  const own = inForceTable(inForce, style);
  const by = `by revision ${revision} of the policy`;
  const first =
    own === undefined
      ? [`Nothing is set for ${title} (revision ${revision}).`]
      : [own, '', `${paint('strong', title, style)}, ${by}.`];
  if (tenant === undefined) return [...first, ...ended].join('\n');
  const tenantTitle = whose('tenant', tenant.name, style);
  const ofTenant = inForceTable(tenant.inForce, style);
  const second =
    ofTenant === undefined
      ? [`Nothing is set for its ${tenantTitle}.`]
      : ['', ofTenant, '', `${paint('strong', `Its ${tenantTitle}`, style)}, ${by}.`];
  return [...first, ...ended, ...second].join('\n');
}

/** Undefined where nothing is set. */
function inForceTable(inForce: PolicyFor['inForce'], style: TextStyle): string | undefined {
  const rows = LIMIT_NAMES.flatMap((limit) => {
    const setting = inForce[limit];
    return setting === undefined ? [] : [{ limit, setting }];
  });
  if (rows.length === 0) return undefined;
  type Row = { readonly limit: LimitName; readonly setting: SettingInForce };
  const safe = (text: string) => safeText(text, style.unicode);
  return renderTable<Row>(
    [
      { heading: 'setting', text: ({ limit, setting }) => limitText(limit, setting.value), align: 'left' },
      { heading: 'by the rule', text: ({ setting }) => safe(setting.rule), align: 'left', shrinkTo: 8 },
      {
        heading: 'over',
        text: ({ setting }) => (setting.passedOver.length === 0 ? '-' : safe(setting.passedOver.join(', '))),
        align: 'left',
        shrinkTo: 8,
        dropOrder: 3,
      },
      ...settingColumns<Row>(({ setting }) => setting, style),
    ],
    rows,
    style,
  );
}

export function renderPolicyHistory({ changes, hidden }: PolicyHistory, style: TextStyle): string {
  if (changes.length === 0) return 'Nothing was ever set: there is no policy yet.';
  const safe = (text: string) => safeText(text, style.unicode);
  type Row = PolicyHistory['changes'][number];
  const table = renderTable<Row>(
    [
      { heading: 'revision', text: ({ revision }) => formatCount(revision) },
      { heading: 'when', text: ({ at }) => momentText(at), align: 'left' },
      { heading: 'by', text: ({ by }) => safe(by), align: 'left', shrinkTo: 8 },
      { heading: 'what', text: ({ what }) => safe(what), align: 'left', shrinkTo: 16 },
      {
        heading: 'reason',
        text: ({ reason }) => safe(reason ?? '-'),
        align: 'left',
        shrinkTo: 8,
        dropOrder: 1,
      },
    ],
    changes,
    style,
  );
  return hidden === 0 ? table : `${table}\n\n${formatCount(hidden)} older not shown (--limit)`;
}

/** What makes the second policy of the first, a line a setting. */
export function renderDifference(
  changes: readonly {
    readonly of: RuleOf;
    readonly name: string;
    readonly limit: LimitName;
    readonly before: Setting<unknown> | undefined;
    readonly after: Setting<unknown> | undefined;
  }[],
  style: TextStyle,
): string {
  return changes
    .flatMap(({ of, name, limit, before, after }) => {
      const title = whose(of, name, style);
      const line = (sign: string, setting: Setting<unknown>) =>
        `${sign} ${title}: ${safeText(settingText(limit, setting), style.unicode)}`;
      return [
        ...(before === undefined ? [] : [paint('alarm', line('-', before), style)]),
        ...(after === undefined ? [] : [paint('good', line('+', after), style)]),
      ];
    })
    .join('\n');
}

function endedLines(ended: readonly EndedBacklog[] | null, style: TextStyle): string[] {
  if (ended === null || ended.length === 0) return [];
  const lines = ended.map(({ name, backlog }) => {
    const text = `${name}: ${settingText('backlog', backlog)} has ended, and RabbitMQ still goes by it.`;
    return paint('yellow', safeText(text, style.unicode), style);
  });
  return [...lines, 'To make it end: fairq doctor --repair'];
}

function settingColumns<Row>(settingOf: (row: Row) => Setting<unknown>, style: TextStyle): Column<Row>[] {
  const safe = (text: string) => safeText(text, style.unicode);
  return [
    {
      heading: 'until',
      text: (row) => {
        const { until } = settingOf(row);
        return until === undefined ? '-' : momentText(until);
      },
      align: 'left',
    },
    { heading: 'set by', text: (row) => safe(settingOf(row).by), align: 'left', shrinkTo: 8, dropOrder: 1 },
    {
      heading: 'reason',
      text: (row) => safe(settingOf(row).reason ?? '-'),
      align: 'left',
      shrinkTo: 8,
      dropOrder: 2,
    },
  ];
}

function whose(of: RuleOf, name: string, { unicode }: TextStyle): string {
  return of === 'tenant' ? `tenant ${safeText(name, unicode)}` : safeText(name, unicode);
}
