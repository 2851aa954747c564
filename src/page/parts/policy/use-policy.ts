import { useState } from 'preact/hooks';
import type { PolicyChange, PolicyFor } from '../../../serve/policy/policy-schemas.js';
import { type AskOptions, askWhole, inPath, Refused } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { type Asked, useAsked } from '../../base/use-asked.js';
import type { Rule } from './draft.js';

export interface RuleName {
  readonly of: 'user' | 'tenant';
  readonly name: string;
}

/** Looks between two questions: what ends by itself makes no new revision. */
const LOOKS = 15;

/** What counts for a name, asked again when the policy is another. */
export function usePolicy({ of, name }: RuleName): Asked<PolicyFor> {
  const { look, looks } = usePage().live;
  return useAsked<PolicyFor>(
    `v1/policy/${of}s/${inPath(name)}`,
    `${look?.policyRevision} ${Math.floor(looks / LOOKS)}`,
  );
}

export interface Changing {
  /** What the last change came to. */
  readonly change: PolicyChange | undefined;
  readonly refused: Refused | undefined;
  readonly isBusy: boolean;
  /** Sends a change of what was looked at. @returns the ETag of what counts then; undefined where it was refused */
  send(options: SentChange): Promise<string | undefined>;
  /** Forgets why the last one was refused. */
  forget(): void;
}

export interface SentChange {
  readonly method: NonNullable<AskOptions['method']>;
  /** `:pause`, `:resume`, or nothing. */
  readonly verb?: string;
  readonly body?: Rule;
  /** For the history. */
  readonly reason?: string | undefined;
  /** Of what was looked at. */
  readonly etag: string;
}

/** @param onSent asks what counts now; also after a change that was refused, since somebody else may have been faster */
export function useChanging({ of, name }: RuleName, onSent: () => void): Changing {
  const [change, setChange] = useState<PolicyChange>();
  const [refused, setRefused] = useState<Refused>();
  const [isBusy, setBusy] = useState(false);
  const send = async ({ method, verb = '', body, reason, etag }: SentChange) => {
    setBusy(true);
    setRefused(undefined);
    const query = reason === undefined || reason === '' ? '' : `?${new URLSearchParams({ reason })}`;
    try {
      const { value, headers } = await askWhole<PolicyChange>(
        `v1/policy/${of}s/${inPath(name)}${verb}${query}`,
        { method, ...(body !== undefined && { body }), headers: { 'if-match': etag } },
      );
      setChange(value);
      return headers.get('etag') ?? etag;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
      return undefined;
    } finally {
      setBusy(false);
      onSent();
    }
  };
  return { change, refused, isBusy, send, forget: () => setRefused(undefined) };
}
