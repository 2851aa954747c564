import { shareText } from './figures.js';
import { UserLink } from './name.js';

export interface SharedUser {
  readonly user: string;
  readonly share: number | null;
  readonly fairShare: number | null;
}

/** Two bars for each user: its part of what ended lately, and what would be fair. */
export function Shares({ users }: { readonly users: readonly SharedUser[] }) {
  const most = Math.max(0.01, ...users.flatMap(({ share, fairShare }) => [share ?? 0, fairShare ?? 0]));
  return (
    <table class="shares">
      <thead>
        <tr>
          <th scope="col">user</th>
          <th scope="col">
            <span class="key got" aria-hidden="true" /> got, <span class="key fair" aria-hidden="true" /> fair
          </th>
          <th scope="col">got</th>
          <th scope="col">fair</th>
        </tr>
      </thead>
      <tbody>
        {users.map(({ user, share, fairShare }) => (
          <tr key={user}>
            <th scope="row">
              <UserLink user={user} />
            </th>
            <td class="bars">
              <Bar of={share} most={most} kind="got" />
              <Bar of={fairShare} most={most} kind="fair" />
            </td>
            <td>{shareText(share)}</td>
            <td>{shareText(fairShare)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Bar({ of, most, kind }: { of: number | null; most: number; kind: 'got' | 'fair' }) {
  return (
    <svg class={`bar ${kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width={Math.round((1_000 * (of ?? 0)) / most) / 10} height="8" />
    </svg>
  );
}
