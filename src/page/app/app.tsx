import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask, Refused, SIGNED_OUT } from '../base/ask.js';
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
const ASK_AGAIN_MS = 3_000;

/** Asks who is signed in, and shows the page to whoever may look on. */
export function App() {
  const [session, setSession] = useState<Session>();
  const [refused, setRefused] = useState<Refused>();
  /** Somebody is signed in, and has not signed out. */
  const wasSignedIn = useRef(false);
  const isAsking = useRef(false);
  const look = useCallback(async () => {
    if (isAsking.current) return;
    isAsking.current = true;
    try {
      setSession(await ask<Session>('v1/session'));
      setRefused(undefined);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
    } finally {
      isAsking.current = false;
    }
  }, []);
  useEffect(() => {
    void look();
    addEventListener(SIGNED_OUT, look);
    return () => removeEventListener(SIGNED_OUT, look);
  }, [look]);
  useEffect(() => {
    if (session !== undefined || refused === undefined) return;
    const timer = setTimeout(look, ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [session, refused, look]);
  if (session === undefined) return <RefusedBox refused={refused} />;
  const { user, roles } = session;
  if (user === null)
    return <SignIn session={session} wasSignedIn={wasSignedIn.current} onSession={setSession} />;
  wasSignedIn.current = true;
  const signOut = async () => {
    await ask('v1/session', { method: 'DELETE' });
    wasSignedIn.current = false;
    sessionStorage.setItem('signed-out', 'true');
    await look();
  };
  if (!roles.includes('viewer')) return <MayNotLook user={user} session={session} onSignOut={signOut} />;
  return <Frame user={user} session={session} onRefused={look} onSignOut={signOut} />;
}

interface FrameProps {
  readonly user: string;
  readonly session: Session;
  onRefused(): void;
  onSignOut(): Promise<void>;
}

function MayNotLook({ user, session, onSignOut }: Omit<FrameProps, 'onRefused'>) {
  const [refused, setRefused] = useState<Refused>();
  return (
    <main>
      <h1>fairq</h1>
      <Trouble>
        You are signed in as <Name of={user} />, who may not look on: it takes the role “viewer”.
      </Trouble>
      <RefusedBox refused={refused} />
      {session.signIn !== 'proxy' && (
        <button type="button" onClick={() => onSignOut().catch(setRefused)}>
          Sign out
        </button>
      )}
    </main>
  );
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
  const leave = () => onSignOut().catch(({ message }: Refused) => say(message, true));
  const main = useRef<HTMLElement>(null);
  const isOperator = session.roles.includes('operator');
  const context = useMemo<PageContext>(
    () => ({ user, isOperator, live, say }),
    [user, isOperator, live, say],
  );
  const view = viewOf(route);
  useEffect(() => {
    document.title = `${view.title} · fairq`;
  }, [view.title]);
  const shown = useRef(view.key);
  useLayoutEffect(() => {
    // Who has just come begins at the start of the page.
    if (shown.current === view.key) return;
    shown.current = view.key;
    // What had the focus has gone with the view before.
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [view.key]);
  return (
    <Page.Provider value={context}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        to the content
      </button>
      <header class="top">
        <Navigation at={route.parts[0] ?? ''} />
        <Freshness live={live} />
        <span class="who">
          <Name of={user} />
          {session.signIn !== 'proxy' && (
            <button type="button" class="plain" onClick={leave}>
              sign out
            </button>
          )}
          <button type="button" class="plain" aria-label="keys" onClick={() => setHelp(true)}>
            ?
          </button>
        </span>
      </header>
      <main id="main" ref={main} tabIndex={-1} key={view.key}>
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
