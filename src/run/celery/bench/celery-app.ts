import type { TaskEvent } from '../../../core/events/task-event.js';
import { completeEnvelope, decodeEnvelope, ENVELOPE_HEADER } from '../../../core/message/envelope.js';

export const APP_NAME = 'fairq_bench';
/** What the app's worker prints when it consumes its queues. */
export const READY = 'fairq-bench: ready';

/**
 * The app that Celery's workers run: one task that does nothing but write down, with one system call, that it ran.
 * Each process has a file of its own, so that nobody waits for anybody. When its parent is gone, and with it the pipe on
 * stdin, a worker removes the app and ends itself and its children.
 */
export const APP = `
import os, shutil, signal, threading, time
from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

app = Celery('${APP_NAME}', broker=os.environ['FAIRQ_BENCH_BROKER'])
record = None

def end_with_parent():
    while os.read(0, 1): pass
    group = os.getpgrp()
    is_apart, now_apart = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.write(now_apart, b'.')
        remove_when_gone(group)
        os._exit(0)
    os.read(is_apart, 1)
    os.killpg(group, signal.SIGKILL)

def remove_when_gone(group):
    # Children that are just being forked would write their files into what is removed.
    for _ in range(100):
        try: os.killpg(group, 0)
        except ProcessLookupError: break
        time.sleep(0.05)
    shutil.rmtree(os.getcwd(), ignore_errors=True)

@worker_init.connect
def watch_parent(**_):
    threading.Thread(target=end_with_parent, daemon=True).start()

@worker_process_init.connect
def open_record(**_):
    global record
    record = os.open(f'{os.getpid()}.log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)

@worker_ready.connect
def say_ready(**_):
    print('${READY}', flush=True)

@app.task(bind=True, name='tasks.noop')
def noop(self, *args, **kwargs):
    at = time.time_ns()
    request = self.request
    again = int(bool((request.delivery_info or {}).get('redelivered')))
    line = f"{request.id} {at} {time.time_ns()} {again} {request.get('${ENVELOPE_HEADER}')}\\n"
    os.write(record, line.encode())
`;

/** A line that the app's task has written; undefined for anything else. */
export function eventOf(line: string, worker: string): TaskEvent | undefined {
  const found = /^(\S+) (\d+) (\d+) ([01]) (.*)$/.exec(line);
  if (found === null) return undefined;
  const [, id = '', startedNs, finishedNs, again, text] = found;
  const started = Math.floor(Number(startedNs) / 1000);
  const envelope = completeEnvelope(decodeEnvelope({ [ENVELOPE_HEADER]: text }), '', started);
  const { user, run, sequence, attempt, intendedAt, sentAt } = envelope;
  return {
    id,
    user,
    run,
    sequence,
    attempt,
    outcome: 'done',
    worker,
    enqueued: intendedAt,
    sentLate: sentAt - intendedAt,
    started,
    finished: Math.floor(Number(finishedNs) / 1000),
    redelivered: again === '1',
    hasResult: false,
  };
}
