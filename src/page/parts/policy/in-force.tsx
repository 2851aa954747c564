import { limitText } from '../../../core/policy/limit-text.js';
import { LIMIT_NAMES } from '../../../core/policy/policy-document.js';
import type { PolicyFor } from '../../../serve/policy/policy-schemas.js';
import { Moment } from '../age.js';
import { Name } from '../name.js';

/** What counts for a user or a tenant, and which rule says so. */
export function InForce({ policy }: { readonly policy: PolicyFor }) {
  const { inForce, name } = policy;
  const set = LIMIT_NAMES.flatMap((limit) => {
    const found = inForce[limit];
    return found === undefined ? [] : [{ limit, found }];
  });
  if (set.length === 0) return <p class="quiet">Nothing is set: it counts as all others do.</p>;
  return (
    <section class="scroll" aria-label="what counts">
      <table class="rows in-force">
        <thead>
          <tr>
            <th scope="col">what counts</th>
            <th scope="col">by the rule</th>
            <th scope="col">set by</th>
            <th scope="col">since</th>
            <th scope="col">until</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {set.map(({ limit, found: { value, rule, passedOver, by, at, until, reason } }) => (
            <tr key={limit}>
              <th scope="row">{limitText(limit, value)}</th>
              <td class="text wrap">
                {rule === name ? 'of this name' : <Name of={rule} />}
                {passedOver.length > 0 && (
                  <span class="quiet">
                    {' '}
                    (it counts before{' '}
                    {passedOver.map((one, i) => (
                      <span key={one}>
                        {i > 0 && ', '}
                        <Name of={one} />
                      </span>
                    ))}
                    )
                  </span>
                )}
              </td>
              <td class="text wrap">
                <Name of={by} />
              </td>
              <td class="text">
                <Moment at={at} />
              </td>
              <td class="text">{until === null ? 'taken back' : <Moment at={until} />}</td>
              <td class="text wrap">{reason === null ? '–' : <Name of={reason} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
