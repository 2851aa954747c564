import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ask, Refused } from '../base/ask.js';
import type { Session } from '../base/page-context.js';
import { RefusedBox, Trouble } from '../parts/notice.js';

interface SignInProps {
  readonly session: Session;
  /** Who was signed in until now, and is not known any more. */
  readonly wasSignedIn: boolean;
  onSession(session: Session): void;
}

/** Who asks for a token, or a name where that is enough. A name that is suggested is taken without a question. */
export function SignIn({ session, wasSignedIn, onSession }: SignInProps) {
  const [secret, setSecret] = useState('');
  const [refused, setRefused] = useState<Refused>();
  const send = async (text: string) => {
    try {
      onSession(await ask<Session>('v1/session', { method: 'POST', body: { secret: text } }));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
    }
  };
  const { signIn, suggested } = session;
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    document.title = 'Sign in · fairq';
    field.current?.focus();
  }, []);
  useEffect(() => {
    if (signIn === 'name' && suggested !== null && sessionStorage.getItem('signed-out') === null)
      void send(suggested);
  }, [signIn, suggested]);
  if (signIn === 'proxy') {
    return (
      <Trouble>
        The proxy in front of this server does not say who you are. Sign in there, and load this page again.
      </Trouble>
    );
  }
  const what = signIn === 'token' ? 'Token' : 'Your name';
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        sessionStorage.removeItem('signed-out');
        void send(secret.trim());
      }}
    >
      <h1>fairq</h1>
      {refused?.status === 401 && <Trouble>You are not let in: {refused.message}.</Trouble>}
      {wasSignedIn && refused === undefined && (
        <Trouble>You are signed in no more: the server does not take what you signed in with.</Trouble>
      )}
      {refused?.status !== 401 && <RefusedBox refused={refused} />}
      <label>
        {what}
        <input
          ref={field}
          type={signIn === 'token' ? 'password' : 'text'}
          autocomplete={signIn === 'token' ? 'current-password' : 'username'}
          required
          value={secret}
          onInput={({ currentTarget }) => setSecret(currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
      <p class="quiet">
        {signIn === 'token'
          ? 'The token is kept in a cookie that no script can read. “fairq serve token” makes one.'
          : 'The name stands beside what you do in the log and in the changes of the policy.'}
      </p>
    </form>
  );
}
