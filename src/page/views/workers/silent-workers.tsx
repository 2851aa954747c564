import type { Workers } from '../../../serve/overview/overview-views.js';
import { countText, secondsText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';

const MOST_SHOWN = 100;

/** Those that were there a while ago, and have not said that they end. */
export function SilentWorkers({ silent }: { readonly silent: Workers['silent'] }) {
  const hidden = silent.length - MOST_SHOWN;
  return (
    <section aria-labelledby="silent">
      <h2 id="silent">Silent</h2>
      <p class="quiet">
        These were heard and did not say that they end. They were killed, hang, or are cut off from the
        broker. The broker gives their tasks to others when their connections are lost.
      </p>
      <table class="silent">
        <thead>
          <tr>
            <th scope="col">worker</th>
            <th scope="col">slots</th>
            <th scope="col">silent for</th>
          </tr>
        </thead>
        <tbody>
          {silent.slice(0, MOST_SHOWN).map(({ id, name, slots, heardSecondsAgo }) => (
            <tr key={id}>
              <th scope="row">
                <Name of={name} />
              </th>
              <td>{countText(slots)}</td>
              <td>{secondsText(Math.floor(heardSecondsAgo))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && <p class="quiet">{countText(hidden)} more are not shown.</p>}
    </section>
  );
}
