import { figuresOf, type PlanDesign } from '../../core/plan/design.js';
import type { Source } from '../../core/plan/facts.js';
import type { Figure, Origin } from '../../core/plan/figure.js';
import type { PlanLoad } from '../../core/plan/load.js';
import type { Plan } from '../../core/plan/plan.js';
import { formatCount, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { type Column, renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';
import { countOf, recommendationText, slotsNeeded } from './recommendation-text.js';
import { roughNumber, roughText, spanText } from './rough.js';
import { type PlanRow, planRows } from './rows.js';

const MARKS: Readonly<Record<Origin, string>> = {
  'measured-here': 'h',
  'measured-before': 'b',
  reckoned: 'r',
  unknown: ' ',
};

const HEADINGS: Readonly<Record<PlanDesign, string>> = {
  each: 'a queue\neach',
  hashed: 'hashed\ngroups',
  promoted: 'shared, with\npromotion',
};

/** The load, a table of the three designs, where its figures come from, and which of them to choose. */
export function renderPlan(plan: Plan, style: TextStyle): string {
  return [
    aboutLoad(plan, style),
    table(plan, style),
    [...originLines(plan, style), ...noteLines(plan, style)].join('\n'),
    wrapText(recommendationText(plan, style.unicode), style)
      .map((line) => paint('strong', line, style))
      .join('\n'),
  ].join('\n\n');
}

function aboutLoad(plan: Plan, style: TextStyle): string {
  const { load, busySlots, burstMs } = plan;
  const { heavy, tasksPerSecond, burst, taskMs, slots } = load;
  const sentences = [
    aboutUsers(load),
    `${roughNumber(tasksPerSecond)} tasks a second, of ${roughText(taskMs, 'ms')} each: they keep ${roughNumber(busySlots)} of ${countOf(slots, 'slot')} busy.`,
    ...(heavy === 0
      ? []
      : [`A burst is ${formatTasks(burst)}: all slots take ${roughText(burstMs, 'ms')} for it.`]),
  ];
  const lines = sentences.flatMap((sentence) => wrapText(sentence, style));
  if (busySlots < slots) return lines.join('\n');
  const alarm = `The slots are too few: at least ${formatCount(slotsNeeded(plan))} are needed. Until then every wait grows without end.`;
  return [...lines, ...wrapText(alarm, style).map((line) => paint('alarm', line, style))].join('\n');
}

/** `1,000,000 users, 10,000 of them active, 50 heavy.` */
function aboutUsers({ users, active, heavy }: PlanLoad): string {
  const all = countOf(users, 'user');
  const some = active === users ? all : `${all}, ${formatCount(active)} of them active`;
  if (heavy === 0) return `${some}, all of them light: nobody sends bursts.`;
  if (heavy < active) return `${some}, ${formatCount(heavy)} heavy.`;
  if (active === 1) return `${some}, ${active === users ? 'who is heavy' : 'and that one is heavy'}.`;
  return `${some}, all of ${active === users ? 'them' : 'these'} heavy.`;
}

function table(plan: Plan, style: TextStyle): string {
  const cell = (figure: Figure) => `${spanText(figure, style.unicode)} ${MARKS[figure.origin]}`;
  const columns: Column<PlanRow>[] = [
    { heading: '\n', text: ({ label }) => label, align: 'left', shrinkTo: 24 },
    ...plan.designs.map(({ design, figures }) => ({
      heading: HEADINGS[design],
      text: ({ figure }: PlanRow) => (figure === undefined ? '' : cell(figures[figure])),
    })),
  ];
  return renderTable(columns, planRows(plan), style);
}

/** Which marks stand for what, and where and when that was measured; only those that are there. */
function originLines({ designs, sources }: Plan, style: TextStyle): string[] {
  const origins = new Set(designs.flatMap(({ figures }) => figuresOf(figures).map(({ origin }) => origin)));
  const lines: [string, string][] = [];
  const add = (mark: string, measured: Source['measured'], text: string) => {
    lines.push([mark, `${text}:`]);
    for (const source of sources) {
      if (source.measured === measured) lines.push(['', sourceText(source)]);
    }
  };
  if (sources.some(({ measured }) => measured === 'here')) add('h', 'here', 'measured here, now');
  if (sources.some(({ measured }) => measured === 'before')) add('b', 'before', 'measured before');
  if (origins.has('reckoned')) {
    lines.push(['r', 'reckoned from that and from the load; docs/plan.md has the formulas']);
  }
  return lines.flatMap(([mark, text]) => marked(mark, text, style));
}

function sourceText({ command, date, machine, versions, page }: Source): string {
  const where = page === undefined ? '' : ` (${page})`;
  return `${command}, RabbitMQ ${versions.join(' and ')}, ${date}, ${machine}${where}`;
}

function marked(mark: string, text: string, style: TextStyle): string[] {
  const width = 3;
  return wrapText(safeText(text, style.unicode), { ...style, columns: style.columns - width }).map(
    (line, i) => (i === 0 ? mark : '').padEnd(width) + line,
  );
}

function noteLines({ load, promotesAfter }: Plan, style: TextStyle): string[] {
  const { users, active, heavy } = load;
  const notes = [
    ...(heavy === active
      ? []
      : ['Light users wait for each other too: that comes on top, in all three alike.']),
    ...(heavy === 0
      ? []
      : [
          `Promotion comes when more than ${promotesAfter} tasks of a user wait at workers. What it had sent before is moved: its time is in the wait.`,
        ]),
    ...(users > 10_000
      ? [
          'Nobody has measured more than 10,000 queues: for more, memory and processors go on in a straight line.',
        ]
      : []),
  ];
  return notes.flatMap((note) => wrapText(note, style)).map((line) => paint('quiet', line, style));
}
