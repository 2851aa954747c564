/** A name or an id that is no longer than AMQP lets names be: a queue with a longer one cannot even be asked for. */
export function isShortName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 255;
}
