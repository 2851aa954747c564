/** How to end the connection of a request. */
const ENDS = new WeakMap<Request, () => void>();

export function onCutOff(request: Request, end: () => void): void {
  ENDS.set(request, end);
}

/** Ends the connection in the middle of the answer: whoever reads is to know that it is not whole. */
export function cutOff(request: Request): void {
  ENDS.get(request)?.();
}
