/**
 * Search and sort of the lists of users, from the data in the page; without it the page is all there but for
 * the users beyond the first hundred. It takes texts only, never markup: a user may be called whatever it likes.
 */
export const PAGE_SCRIPT = `'use strict';
const data = JSON.parse(document.getElementById('fairq-data').textContent);
const results =
  data.results ||
  (data.scenarios ? data.scenarios.flatMap((one) => one.results) : [data, data.baseline].filter(Boolean));
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SHOWN = 100;
const count = (value) => (value === null || value === undefined ? '-' : whole.format(value));
// As formatDuration of the program has it: a row that was found looks like one that was there.
function time(ms) {
  if (ms === undefined) return '-';
  if (ms === 0) return '0 ms';
  if (ms < 0.1) return '<0.1 ms';
  if (ms < 9.95) return tenth.format(ms) + ' ms';
  if (ms < 999.5) return whole.format(ms) + ' ms';
  const seconds = ms / 1000;
  if (seconds < 59.95) return tenth.format(seconds) + ' s';
  if (Math.round(seconds) < 3600) return twoUnits(Math.round(seconds), 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 1440 ? twoUnits(minutes, 60, 'h', 'min') : twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}
function twoUnits(value, size, large, small) {
  const first = whole.format(Math.floor(value / size)) + ' ' + large;
  return value % size === 0 ? first : first + ' ' + (value % size) + ' ' + small;
}
const visible = (name) => name.replace(/[\\p{C}\\p{Zl}\\p{Zp}]/gu, (c) => '\\\\u{' + c.codePointAt(0).toString(16) + '}');
const columns = [
  [(u) => u.user, (u) => visible(u.user)],
  [(u) => u.tasks, (u) => count(u.tasks)],
  [(u) => u.waiting, (u) => count(u.waiting)],
  [(u) => u.missing, (u) => count(u.missing)],
  [(u) => u.failed, (u) => count(u.failed)],
  [(u) => u.firstStartPosition, (u) => count(u.firstStartPosition)],
  [(u) => u.lastCompletionPosition, (u) => count(u.lastCompletionPosition)],
  ...['p50', 'p95', 'p99', 'max'].map((p) => [(u) => u.dwellMs && u.dwellMs[p], (u) => time(u.dwellMs ? u.dwellMs[p] : undefined)]),
  [(u) => u.maxLagTasks, (u) => (u.maxLagTasks < 9.95 ? u.maxLagTasks.toFixed(1) : count(u.maxLagTasks))],
];
for (const section of document.querySelectorAll('.users')) {
  const users = results[Number(section.dataset.result)].users;
  const label = section.querySelector('.search');
  const input = section.querySelector('input');
  const body = section.querySelector('tbody');
  const more = section.querySelector('.more');
  const headings = [...section.querySelectorAll('thead th')];
  let sorted = { column: -1, down: false };
  function show() {
    const wanted = input.value.toLowerCase();
    const found = users.filter((u) => u.user.toLowerCase().includes(wanted));
    if (sorted.column >= 0) {
      const key = columns[sorted.column][0];
      const sign = sorted.down ? -1 : 1;
      found.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === y) return 0;
        if (x === null || x === undefined) return 1;
        if (y === null || y === undefined) return -1;
        return x < y ? -sign : sign;
      });
    }
    body.replaceChildren(...found.slice(0, SHOWN).map((user) => {
      const row = document.createElement('tr');
      columns.forEach(([, text], i) => {
        const cell = document.createElement(i === 0 ? 'th' : 'td');
        if (i === 0) cell.scope = 'row';
        cell.textContent = text(user);
        row.append(cell);
      });
      return row;
    }));
    more.textContent = found.length === 0 ? 'nobody' : found.length > SHOWN ? 'and ' + count(found.length - SHOWN) + ' more' : '';
  }
  headings.forEach((heading, i) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent;
    button.addEventListener('click', () => {
      sorted = { column: i, down: sorted.column === i ? !sorted.down : i > 0 };
      headings.forEach((other, j) => {
        if (i === j) other.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
        else other.removeAttribute('aria-sort');
      });
      show();
    });
    heading.replaceChildren(button);
  });
  label.hidden = users.length < 8;
  input.addEventListener('input', show);
}
`;
