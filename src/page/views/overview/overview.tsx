import { formatRate } from '../../../render/parts/numbers.js';
import type { Doctor } from '../../../serve/doctor/doctor-view.js';
import type { Live } from '../../../serve/live/live-views.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { useMost } from '../../base/use-most.js';
import { Card, Cards } from '../../parts/cards.js';
import { counted, countText } from '../../parts/figures.js';
import { Loading, Trouble } from '../../parts/notice.js';
import { SharedQueues } from '../../parts/shared-queues.js';
import { Shares } from '../../parts/shares.js';
import { Findings } from './findings.js';
import { Headline } from './headline.js';
import { Hour } from './hour.js';
import { Needs } from './needs.js';
import { ToLookAt } from './to-look-at.js';

/** Looks between two examinations: they cost the broker something, and ten minutes change little. */
const LOOKS_BETWEEN = 300;
const ROW_PIXELS = 33;

/** What one sees at once: who waits for longest, what needs attention, who gets what, and the last hour. */
export function Overview() {
  const { look, looks } = usePage().live;
  const doctor = useAsked<Doctor>('v1/doctor', Math.floor(looks / LOOKS_BETWEEN));
  if (look === undefined) return <Loading />;
  const { attention, served, shared, totals, alarms, needing, oldest } = look;
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
      <div class="first">
        <Headline oldest={oldest} />
        <Totals totals={totals} doctor={doctor.value} />
      </div>
      <SharedQueues of={shared} />
      <Needs needing={needing} />
      <ToLookAt users={attention} />
      <Served users={served} />
      <Hour />
      <Findings asked={doctor} />
    </>
  );
}

/** Its place never shrinks either. */
function Served({ users }: { readonly users: Live['served'] }) {
  const most = useMost(users.length === 0 ? 0 : users.length + 2);
  return (
    <section aria-labelledby="shares" style={{ minHeight: most * ROW_PIXELS }}>
      <h2 id="shares">Who got what, of the last seconds</h2>
      {users.length === 0 ? (
        <p class="quiet">Nothing ended in the last seconds.</p>
      ) : (
        <Shares users={users} />
      )}
    </section>
  );
}

interface TotalsProps {
  readonly totals: Live['totals'];
  readonly doctor: Doctor | undefined;
}

function Totals({ totals, doctor }: TotalsProps) {
  const { backlog, backlogged, slots, busy, perSecond, failedLately, workers } = totals;
  return (
    <Cards>
      <Card value={countText(backlog)} label={`tasks wait, of ${counted(backlogged, 'user')}`} />
      <Card
        value={countText(busy)}
        label={`of ${counted(slots, 'slot')} run a task, at ${counted(workers, 'worker')}`}
      />
      <Card value={formatRate(perSecond)} label="end" />
      <Card value={countText(failedLately)} label="failed for good lately" />
      <Card
        value={doctor === undefined ? '…' : countText(doctor.problems)}
        label={`problems, and ${doctor === undefined ? '… warnings' : counted(doctor.warnings, 'warning')}, by doctor`}
      />
    </Cards>
  );
}
