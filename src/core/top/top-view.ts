import type { RuleName } from '../policy/policy-changes.js';
import { compareNatural } from '../values/natural-order.js';
import type { TopSample, TopUser } from './top-sample.js';

export const TOP_SORTS = ['backlog', 'rate', 'wait', 'share', 'user'] as const;
export type TopSort = (typeof TOP_SORTS)[number];

/** Whom to pause or to resume. */
export interface TopQuestion extends RuleName {
  readonly verb: 'pause' | 'resume';
}

/** What the viewer has chosen. */
export interface TopView {
  readonly sort: TopSort;
  readonly reversed: boolean;
  /** A part of a user's name. */
  readonly filter: string;
  /** The filter is being written: keys are its letters. */
  readonly writing: boolean;
  readonly paused: boolean;
  readonly help: boolean;
  /** Users above the first that is shown, which is the one that keys act on. */
  readonly scroll: number;
  /** What is to be confirmed. */
  readonly asking: TopQuestion | undefined;
  /** What became of what was asked for, until the next key. */
  readonly said: string;
}

export const FIRST_VIEW: TopView = {
  sort: 'backlog',
  reversed: false,
  filter: '',
  writing: false,
  paused: false,
  help: false,
  scroll: 0,
  asking: undefined,
  said: '',
};

const ENTER = ['\r', '\n'];
const ESCAPE = '\u001b';
const BACKSPACE = ['\u007f', '\b'];
const UP = '\u001b[A';
const DOWN = '\u001b[B';
const PAGE_UP = '\u001b[5~';
const PAGE_DOWN = '\u001b[6~';
const PAGE = 10;

/** What a key asks for, if it does not change the view. */
export type TopAction = 'quit' | 'list' | 'pause' | 'resume' | 'confirmed';

/** The view after a key, or what it asks for. */
export function afterKey(view: TopView, key: string): TopView | TopAction {
  if (key === '\u0003') return 'quit'; // Ctrl-C: a terminal in raw mode sends no signal
  if (view.asking !== undefined) return key === 'y' ? 'confirmed' : { ...view, asking: undefined };
  const seen = view.said === '' ? view : { ...view, said: '' };
  return view.writing ? whileWriting(seen, key) : whileLooking(seen, key);
}

function whileWriting(view: TopView, key: string): TopView {
  if (ENTER.includes(key)) return { ...view, writing: false };
  if (key === ESCAPE) return { ...view, writing: false, filter: '' };
  if (BACKSPACE.includes(key)) return { ...view, filter: [...view.filter].slice(0, -1).join('') };
  if (/\p{C}/u.test(key)) return view;
  return { ...view, filter: view.filter + key, scroll: 0 };
}

function whileLooking(view: TopView, key: string): TopView | TopAction {
  switch (key) {
    case 'q':
      return 'quit';
    case 'l':
      return 'list';
    case 'P':
      return 'pause';
    case 'R':
      return 'resume';
    case 's': {
      const next = TOP_SORTS[(TOP_SORTS.indexOf(view.sort) + 1) % TOP_SORTS.length]!;
      return { ...view, sort: next, scroll: 0 };
    }
    case 'r':
      return { ...view, reversed: !view.reversed, scroll: 0 };
    case '/':
      return { ...view, writing: true };
    case ESCAPE:
      return { ...view, filter: '', help: false };
    case 'p':
      return { ...view, paused: !view.paused };
    case 'h':
    case '?':
      return { ...view, help: !view.help };
    case UP:
    case 'k':
      return { ...view, scroll: Math.max(0, view.scroll - 1) };
    case DOWN:
    case 'j':
      return { ...view, scroll: view.scroll + 1 };
    case PAGE_UP:
      return { ...view, scroll: Math.max(0, view.scroll - PAGE) };
    case PAGE_DOWN:
      return { ...view, scroll: view.scroll + PAGE };
    default:
      return view;
  }
}

/** The view that asks whether the first user, or tenant, that is shown is to be paused or resumed. */
export function askedAbout(view: TopView, sample: TopSample, verb: TopQuestion['verb']): TopView {
  const rows = usersIn(sample, view);
  const row = rows[firstShown(rows, view)];
  if (row === undefined) return view;
  const of = sample.tenants === undefined ? 'user' : 'tenant';
  return { ...view, asking: { verb, of, name: row.user } };
}

/** The index of the first user that is shown. */
export function firstShown(users: readonly unknown[], { scroll }: TopView): number {
  return Math.min(scroll, Math.max(0, users.length - 1));
}

/** Where there are tenants, each has a row, in the place of its users. */
function rowsOf({ users, tenants }: TopSample): readonly TopUser[] {
  if (tenants === undefined) return users;
  return tenants.map(({ tenant, users: _, ...rest }) => ({ ...rest, user: tenant, consumers: null }));
}

/** Users as they are shown: those that the filter leaves, in their order. */
export function usersIn(sample: TopSample, { filter, sort, reversed }: TopView): TopUser[] {
  const wanted = filter.toLowerCase();
  const found = rowsOf(sample).filter(({ user }) => user.toLowerCase().includes(wanted));
  const sign = reversed ? -1 : 1;
  const order = (a: TopUser, b: TopUser) => (sort === 'user' ? 0 : keyOf(b, sort) - keyOf(a, sort));
  return found.sort((a, b) => sign * (order(a, b) || compareNatural(a.user, b.user)));
}

function keyOf(user: TopUser, sort: Exclude<TopSort, 'user'>): number {
  switch (sort) {
    case 'backlog':
      return user.backlog ?? user.atWorkers ?? -1;
    case 'rate':
      return user.perSecond;
    case 'wait':
      return user.waitMs ?? -1;
    case 'share':
      return user.share ?? -1;
  }
}
