/** For the eyes of Celery's logs and monitors: what is longer is cut. Characters. */
const MOST = 1_024;

/** A JSON value as Celery's `saferepr` shows it. */
export function pythonRepr(value: unknown): string {
  return cut(repr(value, MOST));
}

/** The same of positional arguments, which are a tuple in Python. */
export function pythonTuple(items: readonly unknown[]): string {
  return cut(`(${joined(items, MOST, repr)}${items.length === 1 ? ',' : ''})`);
}

/** An exception as Python's `repr` shows it. */
export function pythonError(type: string, message: string): string {
  const shown = cut(message).replace(/[\\\n\r\t]|\p{Cc}/gu, escaped);
  const quote = shown.includes("'") && !shown.includes('"') ? '"' : "'";
  return `${type}(${quote}${quote === "'" ? shown.replaceAll("'", "\\'") : shown}${quote})`;
}

function escaped(character: string): string {
  const named = new Map([
    ['\\', '\\\\'],
    ['\n', '\\n'],
    ['\r', '\\r'],
    ['\t', '\\t'],
  ]).get(character);
  return named ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** A text for the same eyes. */
export function cut(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST - 3)}...`;
}

/** @param most characters: what follows them is not written, since it is cut off */
function repr(value: unknown, most: number): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return quoted(value, most);
  if (Array.isArray(value)) return `[${joined(value, most, repr)}]`;
  if (typeof value === 'object') {
    const item = ([key, one]: [string, unknown], left: number) => `${quoted(key, left)}: ${repr(one, left)}`;
    return `{${joined(Object.entries(value), most, item)}}`;
  }
  return String(value);
}

function joined<T>(items: readonly T[], most: number, written: (item: T, left: number) => string): string {
  let text = '';
  for (const item of items) {
    if (text.length > most) break;
    text += `${text === '' ? '' : ', '}${written(item, most - text.length)}`;
  }
  return text;
}

function quoted(text: string, most: number): string {
  return `'${text.slice(0, most + 1).replaceAll("'", "\\'")}'`;
}

/** Python's own (3.8 and later) that can be made from one text, without those that would end its program. */
const BUILT_IN_ERRORS = new Set([
  ...['ArithmeticError', 'AssertionError', 'AttributeError', 'BlockingIOError', 'BrokenPipeError'],
  ...['BufferError', 'BytesWarning', 'ChildProcessError', 'ConnectionAbortedError', 'ConnectionError'],
  ...['ConnectionRefusedError', 'ConnectionResetError', 'DeprecationWarning', 'EOFError', 'EnvironmentError'],
  ...['Exception', 'FileExistsError', 'FileNotFoundError', 'FloatingPointError', 'FutureWarning', 'IOError'],
  ...['ImportError', 'ImportWarning', 'IndentationError', 'IndexError', 'InterruptedError'],
  ...['IsADirectoryError', 'KeyError', 'LookupError', 'MemoryError', 'ModuleNotFoundError', 'NameError'],
  ...['NotADirectoryError', 'NotImplementedError', 'OSError', 'OverflowError', 'PendingDeprecationWarning'],
  ...['PermissionError', 'ProcessLookupError', 'RecursionError', 'ReferenceError', 'ResourceWarning'],
  ...[
    'RuntimeError',
    'RuntimeWarning',
    'StopAsyncIteration',
    'StopIteration',
    'SyntaxError',
    'SyntaxWarning',
  ],
  ...['SystemError', 'TabError', 'TimeoutError', 'TypeError', 'UnboundLocalError', 'UnicodeError'],
  ...['UnicodeWarning', 'UserWarning', 'ValueError', 'Warning', 'ZeroDivisionError'],
]);

/** The module that holds a Python exception of this name; null where Celery is to make a class for it. */
export function moduleOfError(name: string): string | null {
  return BUILT_IN_ERRORS.has(name) ? 'builtins' : null;
}

/**
 * A stack of V8 as a traceback of Python's, with the call that threw last: Celery clients with
 * `task_remote_tracebacks` parse it, and fail at any other text.
 */
export function pythonTraceback(stack: string, summary: string): string {
  const frames = [...stack.matchAll(/^ {4}at (?:(.+?) \()?(?:file:\/\/)?([^()\n]+):(\d+):\d+\)?$/gm)];
  const lines = frames
    .reverse()
    .map(([, name = '<anonymous>', file, line]) => `  File "${file}", line ${line}, in ${name}`);
  return ['Traceback (most recent call last):', ...lines, summary].join('\n');
}
