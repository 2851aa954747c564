interface ReasonFieldProps {
  readonly reason: string;
  onReason(reason: string): void;
}

/** Why somebody changes the policy: it stands in its history. */
export function ReasonField({ reason, onReason }: ReasonFieldProps) {
  return (
    <label>
      Why
      <input
        type="text"
        maxLength={1_000}
        value={reason}
        onInput={({ currentTarget }) => onReason(currentTarget.value)}
      />
    </label>
  );
}
