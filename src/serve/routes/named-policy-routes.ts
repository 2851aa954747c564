import { z } from 'zod';
import { type RuleName, rulesInForce } from '../../core/policy/policy-changes.js';
import { isRuleName } from '../../core/policy/policy-codec.js';
import type { PolicyDocument, PolicyRule, RuleOf } from '../../core/policy/policy-document.js';
import {
  type Edited,
  limitsSet,
  limitsTakenBack,
  resumed,
  ruleReplaced,
} from '../../core/policy/policy-edits.js';
import { BadPolicyFile, rulesOfFile } from '../../core/policy/policy-file.js';
import { parseDuration } from '../../core/values/quantities.js';
import type { Answer, Api, Asked } from '../http/api.js';
import { etagOf, revisionSeen } from '../http/preconditions.js';
import { waitOf } from '../http/prefer.js';
import { Problem } from '../http/problem.js';
import { POLICY_CHANGE, POLICY_FOR, RULE_BODY, WORDS } from '../policy/policy-schemas.js';
import { changeView, namedView } from '../policy/policy-views.js';
import { json } from './json.js';
import type { Services } from './services.js';

/** RFC 7240: so long the workers are waited for; seconds. */
const WAIT_SECONDS = 10;
const LEAST_WAIT_SECONDS = 1;
const MOST_WAIT_SECONDS = 30;

export const ETAG = { ETag: 'the revision of the policy' };
const CHANGE_HEADERS = {
  'If-Match': 'the ETag of what was looked at, or * to change whatever there is',
  Prefer: `wait=${WAIT_SECONDS}: so many seconds the workers are waited for (at most ${MOST_WAIT_SECONDS})`,
};
const CHANGE_ANSWERS: Readonly<Record<number, Answer>> = {
  200: { description: 'every known worker goes by it', schema: POLICY_CHANGE, headers: ETAG },
  202: { description: 'it is set, and workers are late: which', schema: POLICY_CHANGE, headers: ETAG },
  400: { description: 'this cannot be set, and nothing was changed' },
  412: { description: 'the policy has been changed meanwhile: what, and by whom' },
  428: { description: 'there is no If-Match' },
  503: { description: 'the broker is away, or says no; nothing was changed unless it is said' },
};

/** What counts for one user or tenant, and how an operator changes it. */
export function addPolicyRoutesOf(api: Api, services: Services, of: RuleOf, now: () => number): void {
  const { policy, actions } = services;
  const path = `/v1/policy/${of}s/{name}`;
  const id = (verb: string) => `${verb}${of === 'user' ? 'User' : 'Tenant'}`;

  const change = async (
    { identity, params, request }: Asked<unknown, unknown>,
    reason: string | undefined,
    next: (rule: RuleName, before: PolicyDocument, at: number) => Edited | undefined,
  ): Promise<Response> => {
    const rule = ruleNameOf(of, params);
    const changed = await actions.policy.change({
      rule,
      by: identity.user,
      reason,
      seen: revisionSeen(request),
      timeoutMs: 1_000 * Math.max(LEAST_WAIT_SECONDS, waitOf(request, WAIT_SECONDS, MOST_WAIT_SECONDS)),
      next: (before, at) => next(rule, before, at),
    });
    policy.heard(changed.after);
    const { agreement, after } = changed;
    const headers = { etag: etagOf(after.revision) };
    return json(agreement.late.length === 0 ? 200 : 202, changeView(changed), headers);
  };

  api.add(
    {
      id: id('getPolicyOf'),
      method: 'get',
      path,
      tag: 'policy',
      role: 'viewer',
      summary: `What counts for a ${of}, and which rule says so.`,
      answers: {
        200: { description: 'what counts', schema: POLICY_FOR, headers: ETAG },
        503: { description: 'the policy cannot be read' },
      },
    },
    async ({ params }) => {
      const rule = ruleNameOf(of, params);
      const current = await policy.now();
      const headers = { etag: etagOf(current.document.revision) };
      return json(200, namedView(current, rule, now()), headers);
    },
  );

  api.add(
    {
      id: id('setPolicyOf'),
      method: 'put',
      path,
      tag: 'policy',
      role: 'operator',
      summary: `Make this all that the rule of a ${of}, or of a glob, sets.`,
      headers: CHANGE_HEADERS,
      query: z.strictObject({ reason: WORDS.optional().describe('why, for the history') }),
      body: RULE_BODY,
      answers: CHANGE_ANSWERS,
    },
    (asked) =>
      change(asked, asked.query.reason, (rule, before, at) =>
        ruleReplaced(before, ruleOfBody(rule, asked.body, before, { by: asked.identity.user, at }), at),
      ),
  );

  api.add(
    {
      id: id('unsetPolicyOf'),
      method: 'delete',
      path,
      tag: 'policy',
      role: 'operator',
      summary: `Take back all that the rule of a ${of}, or of a glob, sets.`,
      headers: CHANGE_HEADERS,
      query: z.strictObject({ reason: WORDS.optional().describe('why, for the history') }),
      answers: { ...CHANGE_ANSWERS, 404: { description: 'nothing is set by this name' } },
    },
    (asked) => change(asked, asked.query.reason, (rule, before, at) => limitsTakenBack(before, rule, [], at)),
  );

  api.add(
    {
      id: id('pause'),
      method: 'post',
      path: `${path}:pause`,
      tag: 'policy',
      role: 'operator',
      summary: `Start no task of a ${of} any more. Tells what still runs.`,
      headers: CHANGE_HEADERS,
      body: z
        .strictObject({
          for: z
            .string()
            .regex(/^\d{1,9}(?:\.\d{1,9})?(?:us|ms|s|m|h)$/, 'is not a time such as 90s, 30m or 12h')
            .optional()
            .describe('it ends after so long'),
          until: z.string().optional().describe('it ends then: a moment such as 2026-11-24T12:00:00Z'),
          reason: WORDS.optional(),
        })
        .refine(
          ({ for: span, until }) => span === undefined || until === undefined,
          'for and until exclude each other',
        ),
      answers: CHANGE_ANSWERS,
    },
    (asked) => {
      const { for: span, until, reason } = asked.body;
      return change(asked, reason, (rule, before, at) => {
        const end =
          span === undefined ? until : new Date(Math.ceil(at + parseDuration(span, 'for'))).toISOString();
        const paused = {
          value: true,
          ...(end !== undefined && { until: end }),
          ...(reason !== undefined && { reason }),
        };
        const { limits } = ruleOfBody(rule, { paused }, before, { by: asked.identity.user, at });
        return limitsSet(before, rule, limits, at);
      });
    },
  );

  api.add(
    {
      id: id('resume'),
      method: 'post',
      path: `${path}:resume`,
      tag: 'policy',
      role: 'operator',
      summary: `End the pause of a ${of}: its tasks start again, from the present on.`,
      headers: CHANGE_HEADERS,
      body: z.strictObject({ reason: WORDS.optional() }),
      answers: {
        ...CHANGE_ANSWERS,
        409: { description: 'another rule pauses it as well, and nothing was changed: which' },
      },
    },
    (asked) => change(asked, asked.body.reason, (rule, before, at) => resumed(before, rule, at)),
  );
}

/** @throws Problem 400 */
function ruleNameOf(of: RuleOf, { name }: Readonly<Record<string, string>>): RuleName {
  if (isRuleName(name)) return { of, name };
  throw new Problem(
    400,
    'bad-policy',
    'This cannot be set',
    `${JSON.stringify(String(name).slice(0, 40))} is no name of a ${of}. A name has 1 to 255 characters of valid Unicode.`,
  );
}

/** Reads a body as a table of a policy file is read. @throws Problem 400 */
function ruleOfBody(
  rule: RuleName,
  body: unknown,
  { rules }: PolicyDocument,
  { by, at }: { readonly by: string; readonly at: number },
): PolicyRule {
  try {
    const file = { [`${rule.of}s`]: { [rule.name]: body } };
    return rulesOfFile(file, { by, at, before: rulesInForce(rules, at) })[0]!;
  } catch (error) {
    if (!(error instanceof BadPolicyFile)) throw error;
    throw new Problem(400, 'bad-policy', 'This cannot be set', `${error.message}; nothing was changed.`);
  }
}
