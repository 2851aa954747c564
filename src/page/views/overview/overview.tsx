import { formatRate } from '../../../render/parts/numbers.js';
import type { Live } from '../../../serve/live/live-views.js';
import { usePage } from '../../base/page-context.js';
import { Labels } from '../../parts/attention.js';
import { countText, secondsText, shareText } from '../../parts/figures.js';
import { UserLink } from '../../parts/name.js';
import { Loading, Trouble } from '../../parts/notice.js';
import { Shares } from '../../parts/shares.js';

/** What one sees at once: who waits for longest, what needs attention, and who gets what. */
export function Overview() {
  const { look } = usePage().live;
  if (look === undefined) return <Loading />;
  const { attention, served, totals, alarms } = look;
  return (
    <>
      <h1 class="unseen">Overview</h1>
      {alarms?.map(({ node, what }) => (
        <Trouble key={`${node} ${what}`}>
          {what === 'down'
            ? `The node ${node} is down.`
            : `${node} has an alarm for its ${what}: the broker takes no tasks.`}
        </Trouble>
      ))}
      <Totals totals={totals} />
      <section aria-labelledby="attention">
        <h2 id="attention">To look at</h2>
        {attention.length === 0 ? (
          <p class="good">Nobody waits for long, and nobody is over or under the fair share.</p>
        ) : (
          <AttentionTable users={attention} />
        )}
      </section>
      <section aria-labelledby="shares">
        <h2 id="shares">Who got what, of the last seconds</h2>
        {served.length === 0 ? (
          <p class="quiet">Nothing ended in the last seconds.</p>
        ) : (
          <Shares users={served} />
        )}
      </section>
    </>
  );
}

function Totals({ totals }: { readonly totals: Live['totals'] }) {
  const { backlog, backlogged, running, slots, busy, perSecond, failedLately, workers } = totals;
  return (
    <ul class="cards">
      <Card value={countText(backlog)} label={`tasks wait, of ${countText(backlogged)} users`} />
      <Card value={countText(running)} label={`run, in ${countText(busy)} of ${countText(slots)} slots`} />
      <Card value={formatRate(perSecond)} label={`end, at ${countText(workers)} workers`} />
      <Card value={countText(failedLately)} label="failed for good lately" />
    </ul>
  );
}

function Card({ value, label }: { readonly value: string; readonly label: string }) {
  return (
    <li>
      <b>{value}</b>
      <span>{label}</span>
    </li>
  );
}

function AttentionTable({ users }: { readonly users: Live['attention'] }) {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">user</th>
            <th scope="col">why</th>
            <th scope="col">oldest wait</th>
            <th scope="col">waiting</th>
            <th scope="col">running</th>
            <th scope="col">got</th>
            <th scope="col">fair</th>
          </tr>
        </thead>
        <tbody>
          {users.map((row) => (
            <tr key={row.user}>
              <th scope="row">
                <UserLink user={row.user} />
              </th>
              <td class="text">
                <Labels of={row.attention} />
              </td>
              <td>{row.backlog ? secondsText(row.oldestWaitSeconds) : '–'}</td>
              <td>{countText(row.backlog)}</td>
              <td>{countText(row.running)}</td>
              <td>{shareText(row.share)}</td>
              <td>{shareText(row.fairShare)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
