import { formatCount, formatShare, formatTasks } from '../../../render/parts/numbers.js';
import type { Recent } from '../../../serve/overview/recent-schema.js';
import { UserLink } from '../../parts/name.js';

interface ServedProps {
  readonly own: number;
  readonly meanwhile: NonNullable<Recent['meanwhile']>;
}

/** Who was served between the first and the last task of the user that ended. */
export function ServedMeanwhile({ own, meanwhile: { completions, users, others } }: ServedProps) {
  if (users.length === 0) return <p>Nobody else was served meanwhile.</p>;
  return (
    <details>
      <summary>
        {formatTasks(completions - own)} of {formatCount(users.length + others.users)} others ended meanwhile
      </summary>
      <section class="scroll" aria-label="who was served meanwhile">
        <table class="rows meanwhile">
          <thead>
            <tr>
              <th scope="col">served meanwhile</th>
              <th scope="col">tasks</th>
              <th scope="col">of all</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">this user</th>
              <td>{formatCount(own)}</td>
              <td>{formatShare(own / completions)}</td>
            </tr>
            {users.map((other) => (
              <tr key={other.user}>
                <th scope="row">
                  <UserLink user={other.user} />
                </th>
                <td>{formatCount(other.completions)}</td>
                <td>{formatShare(other.completions / completions)}</td>
              </tr>
            ))}
            {others.users > 0 && (
              <tr>
                <th scope="row">{formatCount(others.users)} more users</th>
                <td>{formatCount(others.completions)}</td>
                <td>{formatShare(others.completions / completions)}</td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </details>
  );
}
