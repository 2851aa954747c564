import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { ask, Refused } from '../base/ask.js';
import { PAGE_KEYS, useKeys } from '../base/keys.js';
import { useLive } from '../base/live.js';
import { Page, type PageContext, type Session } from '../base/page-context.js';
import { useRoute } from '../base/route.js';
import { Dialog } from '../parts/dialog.js';
import { Name } from '../parts/name.js';
import { RefusedBox, Trouble } from '../parts/notice.js';
import { viewOf } from '../views/views.js';
import { Freshness } from './freshness.js';
import { Navigation } from './navigation.js';
import { SignIn } from './sign-in.js';

const SAID_FOR_MS = 8_000;

/** Asks who is signed in, and shows the page to whoever may look on. */
export function App() {
  const [session, setSession] = useState<Session>();
  const [refused, setRefused] = useState<Refused>();
  const look = useCallback(async () => {
    try {
      setSession(await ask<Session>('v1/session'));
      setRefused(undefined);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
    }
  }, []);
  useEffect(() => void look(), [look]);
  if (session === undefined) return <RefusedBox refused={refused} />;
  if (session.user === null) return <SignIn session={session} onSession={setSession} />;
  const signOut = async () => {
    sessionStorage.setItem('signed-out', 'true');
    await ask('v1/session', { method: 'DELETE' });
    await look();
  };
  if (!session.roles.includes('viewer')) {
    return (
      <main>
        <Trouble>
          You are signed in as <Name of={session.user} />, who may not look on: it takes the role “viewer”.
        </Trouble>
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      </main>
    );
  }
  return <Frame user={session.user} session={session} onRefused={look} onSignOut={signOut} />;
}

interface FrameProps {
  readonly user: string;
  readonly session: Session;
  onRefused(): void;
  onSignOut(): void;
}

/** What stands around every view. */
function Frame({ user, session, onRefused, onSignOut }: FrameProps) {
  const live = useLive(onRefused);
  const route = useRoute();
  const [said, setSaid] = useState<{ readonly text: string; readonly isBad: boolean }>();
  const [isHelp, setHelp] = useState(false);
  useKeys(useCallback(() => setHelp(true), []));
  const say = useCallback((text: string, isBad = false) => setSaid({ text, isBad }), []);
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const isOperator = session.roles.includes('operator');
  const context = useMemo<PageContext>(
    () => ({ user, isOperator, live, say }),
    [user, isOperator, live, say],
  );
  const view = viewOf(route);
  useEffect(() => {
    document.title = `${view.title} · fairq`;
  }, [view.title]);
  return (
    <Page.Provider value={context}>
      <a class="skip" href="#main">
        to the content
      </a>
      <header class="top">
        <Navigation at={route.parts[0] ?? ''} />
        <Freshness live={live} />
        <span class="who">
          <Name of={user} />
          {session.signIn !== 'proxy' && (
            <button type="button" class="plain" onClick={onSignOut}>
              sign out
            </button>
          )}
          <button type="button" class="plain" aria-label="keys" onClick={() => setHelp(true)}>
            ?
          </button>
        </span>
      </header>
      <main id="main" key={view.key}>
        {view.shown}
      </main>
      <p class={said === undefined ? 'said' : `said shown${said.isBad ? ' bad' : ''}`} role="status">
        {said?.text}
      </p>
      {isHelp && (
        <Dialog title="Keys" onClose={() => setHelp(false)}>
          <table class="keys">
            {PAGE_KEYS.map(([key, does]) => (
              <tr key={key}>
                <td>
                  <kbd>{key}</kbd>
                </td>
                <td>{does}</td>
              </tr>
            ))}
          </table>
        </Dialog>
      )}
    </Page.Provider>
  );
}
