import { type FairqError, messageOf, refusedError } from '../../core/errors/errors.js';

/** As amqplib puts it: `Channel closed by server: 403 (ACCESS-REFUSED) with message "…"`. */
const AMQP_ERROR = /(?<code>\d{3}) \([A-Z-]+\) with message "(?<words>.*)"/s;
/** RabbitMQ names the right from 3.11 on. */
const NO_ACCESS =
  /(?:(?<right>configure|write|read) )?access to (?<kind>exchange|queue|topic) '(?<name>.*)' in vhost '(?<vhost>.*)' refused for user '(?<user>.*)'/s;
/** What a method of AMQP, by its class and number, needs; the others need none, or one that the kind tells. */
const RIGHTS: Readonly<Record<string, string>> = {
  '60.40': 'write',
  '60.20': 'read',
  '60.70': 'read',
  '50.30': 'read',
  '50.10': 'configure',
  '50.40': 'configure',
  '40.10': 'configure',
};

/** What the broker has said, without the library's own words around it. */
export function brokersWords(error: unknown): string {
  const text = messageOf(error);
  return (AMQP_ERROR.exec(text)?.groups?.words ?? text).replace(/^[A-Z_]+ - /, '');
}

/** The right that a user lacks, by the broker's own word; undefined for any other no. */
export function missingRight(error: unknown): FairqError | undefined {
  const { right, kind, name, vhost, user } = NO_ACCESS.exec(messageOf(error))?.groups ?? {};
  if (kind === undefined || name === undefined) return undefined;
  const needed = right ?? rightOf(error) ?? (kind === 'exchange' ? 'write' : 'read');
  // The broker has chosen the name of a queue that listens, and chooses another one each time.
  const pattern = name.startsWith('amq.gen-') ? 'amq\\.gen-.*' : escaped(name);
  const columns = ['configure', 'write', 'read'].map((one) => (one === needed ? `'…|${pattern}'` : `'…'`));
  return refusedError('NO_PERMISSION', `user "${user}" may not ${verbOf(needed)} the ${kind} "${name}"`, {
    hint: `Give it the ${needed} permission: rabbitmqctl set_permissions -p '${vhost}' '${user}' ${columns.join(' ')} (configure, write, read; keep what it has).`,
    cause: error,
  });
}

/** The broker's no as an error of its kind; undefined for what the broker has not said. */
export function asRefusal(error: unknown): FairqError | undefined {
  const missing = missingRight(error);
  if (missing !== undefined) return missing;
  if (!AMQP_ERROR.test(messageOf(error))) return undefined;
  return refusedError('BROKER_REFUSED', `the broker refused: ${brokersWords(error)}`, {
    hint: "The broker's log says more.",
    cause: error,
  });
}

function rightOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { classId, methodId } = error as Record<string, unknown>;
  return RIGHTS[`${classId}.${methodId}`];
}

function verbOf(right: string): string {
  return right === 'write' ? 'write to' : right === 'read' ? 'read' : 'configure';
}

function escaped(name: string): string {
  return name.replace(/[.\\^$|?*+()[\]{}]/g, '\\$&');
}
