import type { ComponentChildren } from 'preact';
import type { Refused } from '../base/ask.js';

/** What is wrong, in a box that a screen reader tells. */
export function Trouble({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="trouble" role="alert">
      {children}
    </p>
  );
}

/** Why the server did not do what was asked. */
export function RefusedBox({ refused }: { readonly refused: Refused | undefined }) {
  if (refused === undefined) return null;
  const { title, detail } = refused;
  return (
    <Trouble>
      <b>{title}.</b> {detail}
    </Trouble>
  );
}

export function Loading() {
  return (
    <p class="quiet" role="status">
      Asked; nothing has come yet.
    </p>
  );
}
