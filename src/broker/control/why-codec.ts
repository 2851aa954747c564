import type { Blocked, SilentPeer, ToldLane, ToldPlace, ToldTenant } from '../../core/explain/told.js';
import { isWithin } from '../../core/values/sane-numbers.js';
import { isShortName } from '../../core/values/short-name.js';
import { type BecauseAnswer, MOST_SILENT, MOST_USERS_TOLD, type WhyQuestion } from './why.js';

const MOST = Number.MAX_SAFE_INTEGER;
const BLOCKED: readonly string[] = ['pause', 'cap', 'rate', 'tenant', 'other'] satisfies Blocked[];

export function isWhyKind(kind: unknown): boolean {
  return kind === 'why' || kind === 'because';
}

/** Undefined for what no fairq would say. */
export function decodeWhyMessage(value: object): WhyQuestion | BecauseAnswer | undefined {
  return 'kind' in value && value.kind === 'why' ? decodeQuestion(value) : decodeAnswer(value);
}

function decodeQuestion(value: object): WhyQuestion | undefined {
  const { request, queue, tenant, id } = value as Record<string, unknown>;
  if (!isShortName(request)) return undefined;
  if (isShortName(queue)) return { kind: 'why', request, queue };
  if (isShortName(tenant)) return { kind: 'why', request, tenant };
  return isShortName(id) ? { kind: 'why', request, id } : undefined;
}

function decodeAnswer(value: object): BecauseAnswer | undefined {
  const { request, worker, name, slots, busy, ready, users, allMs, revision, serves } = value as Record<
    string,
    unknown
  >;
  const { lane, tenant, task, silent } = value as Record<string, unknown>;
  if (
    !isShortName(request) ||
    !isShortName(worker) ||
    typeof name !== 'string' ||
    typeof serves !== 'boolean'
  ) {
    return undefined;
  }
  if (!isCount(slots) || !isCount(busy) || !isCount(users) || typeof ready !== 'boolean') return undefined;
  if (!isOrNull(allMs, isMs) || !isOrNull(revision, isCount)) return undefined;
  const toldLane = lane === undefined ? undefined : decodeLane(lane);
  const toldTenant = tenant === undefined ? undefined : decodeTenant(tenant);
  const place = task === undefined ? undefined : decodePlace(task);
  if ((lane === undefined) !== (toldLane === undefined)) return undefined;
  if ((tenant === undefined) !== (toldTenant === undefined)) return undefined;
  if ((task === undefined) !== (place === undefined)) return undefined;
  if (!Array.isArray(silent) || silent.length > MOST_SILENT || !silent.every(isSilentPeer)) return undefined;
  return {
    kind: 'because',
    request,
    worker,
    name,
    slots,
    busy,
    ready,
    users,
    allMs,
    revision,
    serves,
    silent: silent.map(({ id, name: peer, forMs }) => ({ id, name: peer, forMs })),
    ...(toldLane !== undefined && { lane: toldLane }),
    ...(toldTenant !== undefined && { tenant: toldTenant }),
    ...(place !== undefined && { task: place }),
  };
}

function decodeLane(value: unknown): ToldLane | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { queue, user, running, prefetched, heldBack, before, tenantsBefore, tenant } = value as Record<
    string,
    unknown
  >;
  const { weight, ofWeight, ofSlots, taskMs, blocked, permits, nextTokenMs, retrying, retryInMs } =
    value as Record<string, unknown>;
  if (!isShortName(queue) || typeof user !== 'string' || !isOptional(tenant, isString)) return undefined;
  if (![running, prefetched, heldBack, retrying].every(isCount) || !isOrNull(before, isCount)) {
    return undefined;
  }
  if (![tenantsBefore, permits].every((count) => isOptional(count, isCount))) return undefined;
  if (!isMs(weight) || !isPart(ofWeight) || !isPart(ofSlots) || !isOrNull(taskMs, isMs)) return undefined;
  if (![nextTokenMs, retryInMs].every((ms) => isOptional(ms, isMs))) return undefined;
  if (!isOptional(blocked, isBlocked)) return undefined;
  const about = { queue, user, running, prefetched, heldBack, before, tenantsBefore, tenant, retrying };
  const limits = { weight, ofWeight, ofSlots, taskMs, blocked, permits, nextTokenMs, retryInMs };
  return given({ ...about, ...limits }) as unknown as ToldLane;
}

function decodeTenant(value: unknown): ToldTenant | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, weight, running, prefetched, users, userCount, ofSlots, before, blocked } = value as Record<
    string,
    unknown
  >;
  if (!isShortName(name) || !isMs(weight) || ![running, prefetched, userCount].every(isCount))
    return undefined;
  if (!Array.isArray(users) || users.length > MOST_USERS_TOLD) return undefined;
  if (!users.every((user) => typeof user === 'string')) return undefined;
  if (!isPart(ofSlots) || !isOrNull(before, isCount) || !isOptional(blocked, isBlocked)) return undefined;
  const told = { name, weight, running, prefetched, users: [...users], userCount, ofSlots, before, blocked };
  return given(told) as unknown as ToldTenant;
}

function decodePlace(value: unknown): ToldPlace | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { ahead } = value as Record<string, unknown>;
  return isCount(ahead) ? { ahead } : undefined;
}

function isSilentPeer(value: unknown): value is SilentPeer {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, forMs } = value as Record<string, unknown>;
  return isShortName(id) && typeof name === 'string' && isMs(forMs);
}

function isBlocked(value: unknown): value is Blocked {
  return typeof value === 'string' && BLOCKED.includes(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return isWithin(value, 0, MOST);
}

function isMs(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isPart(value: unknown): value is number {
  return isMs(value) && value <= 1;
}

function isOrNull<T>(value: unknown, is: (value: unknown) => value is T): value is T | null {
  return value === null || is(value);
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

/** Without what is undefined. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
