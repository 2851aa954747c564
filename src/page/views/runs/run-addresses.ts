/** The page of a run, which the server draws. It is no part of this page, and has a way back. */
export function reportAddress(run: string): string {
  return `report?${new URLSearchParams({ run })}`;
}

/** Browsers take these for a way upwards, however they are written. */
export function canBeInPath(run: string): boolean {
  return !['', '.', '..'].includes(run);
}
