import type { Connection } from '../connection/connection.js';
import { ConfirmedWriter, type ConfirmedWriterOptions } from '../streams/confirmed-writer.js';

/** Writes records into the event stream. The channel is opened for the first record: a worker's publishers write none. */
export class Recorder {
  #writer: Promise<ConfirmedWriter> | undefined;
  #count = 0;

  constructor(
    private readonly connection: Connection,
    private readonly stream: string,
    private readonly options: ConfirmedWriterOptions,
  ) {}

  /** Resolves when the record is handed over. */
  async write(
    type: string,
    body: Buffer,
    onAnswer: (answer: 'confirmed' | 'refused') => void,
  ): Promise<void> {
    this.#writer ??= ConfirmedWriter.open(this.connection, this.options);
    const writer = await this.#writer;
    writer.write({
      queue: this.stream,
      body,
      properties: { type, messageId: `record-${++this.#count}` },
      onConfirmed: () => onAnswer('confirmed'),
      onRefused: () => onAnswer('refused'),
    });
  }
}
