import { type NodeLayout, readText } from './layout.js';

const LINES = 8;
const LINE_LENGTH = 200;
const PORT_TAKEN =
  /eaddrinuse|address already in use|distribution port \d+|dist_port_already_used|duplicate_name/i;
const LOG_PREFIX = /^\d{4}-\d\d-\d\d \S+ \[\w+\] <[\d.]+> ?/;
const COMPLAINT = /\[(?:error|critical)\]|^\s*error\b|BOOT FAILED|not found|denied/i;

/** RabbitMQ says this, and why, up to ten seconds before it ends. */
export function bootFailed(consoleText: string): boolean {
  return consoleText.includes('BOOT FAILED');
}

/**
 * Why a start failed, from the first complaint in what the server printed on (a report of each process
 * that went down with it comes after), and whether it was for a port that somebody else has.
 */
export function explainFailedStart(layout: NodeLayout): {
  readonly text: string;
  readonly portTaken: boolean;
} {
  const lines = readText(layout.consoleLog).split('\n');
  const first = lines.findIndex((line) => COMPLAINT.test(line));
  const told = plain(first < 0 ? lines : lines.slice(first));
  const text = first < 0 ? told.slice(-LINES) : told.slice(0, LINES);
  return { text: text.join('\n'), portTaken: lines.some((line) => PORT_TAKEN.test(line)) };
}

/** The last that a node said that ran and then ended by itself. */
export function lastWords(layout: NodeLayout): string {
  return plain(readText(layout.consoleLog).split('\n')).slice(-LINES).join('\n');
}

/** Without time stamps, headings and repeats: the same line may be printed and logged. */
function plain(lines: readonly string[]): string[] {
  const bare = lines.map((line) => line.replace(LOG_PREFIX, '').trim().slice(0, LINE_LENGTH));
  return [...new Set(bare)].filter((line) => line !== '' && line !== 'BOOT FAILED' && !/^=+$/.test(line));
}
