import type { DeadLetterView } from '../../../serve/overview/dead-views.js';
import { addressOf } from '../../base/route.js';
import { Ago } from '../../parts/age.js';
import { Name, UserLink } from '../../parts/name.js';

/** The newest first, as the server has them. */
export function LettersTable({ letters }: { readonly letters: readonly DeadLetterView[] }) {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">task</th>
            <th scope="col" class="text">
              user
            </th>
            <th scope="col" class="text">
              reason
            </th>
            <th scope="col">attempts</th>
            <th scope="col">died</th>
            <th scope="col" class="text">
              run
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter, i) => (
            <tr key={letter.id || i}>
              <th scope="row">
                {letter.id === '' ? <Name of={letter.task} /> : <LetterLink letter={letter} />}
              </th>
              <td class="text wide">{letter.user === null ? 'unknown' : <UserLink user={letter.user} />}</td>
              <td class="text long">
                <Reason of={letter.reason} />
              </td>
              <td>{letter.attempts ?? 'unknown'}</td>
              <td>{letter.lastEndAt === null ? 'unknown' : <Ago at={Date.parse(letter.lastEndAt)} />}</td>
              <td class="text wide">{letter.run === null ? '' : <Name of={letter.run} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LetterLink({ letter: { id, task } }: { readonly letter: DeadLetterView }) {
  return (
    <a href={addressOf(['dead', id])}>
      <Name of={task === '' ? id : task} />
    </a>
  );
}

/** Of a reason its first line, and of that as much as one reads in a table. */
export function Reason({ of }: { readonly of: string | null | undefined }) {
  if (of === null || of === undefined) return <>unknown</>;
  const [line = ''] = of.split('\n', 1);
  return <Name of={line.length > MOST_READ ? `${line.slice(0, MOST_READ)}…` : line} />;
}

const MOST_READ = 200;
