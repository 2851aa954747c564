import { describe, expect, it } from 'vitest';
import { circlesAmong, loadedWith, sourceFiles, sourceImports } from '../../support/source-imports.js';

const ALL = sourceImports();
/** A command loads its action when it runs, and the action knows the command's flags. */
const IMPORTS = ALL.filter(({ isDynamic }) => !isDynamic);
/** Loaded while the program runs, beside the actions: what not every command needs, and takes its time. */
const LOADED_LATE = [
  'cli/main → config/config',
  'cli/main → broker/node/kept-node',
  'cli/main → broker/connection/broker-said',
  'commands/worker/worker-action → commands/worker/serve-metrics',
  'config/config → config/config-file',
  'run/publish/plan → run/publish/task-file',
];

/** Which layers each layer may import. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'config', 'render', 'broker', 'tracing', 'process', 'core'],
  library: ['run', 'config', 'broker', 'process', 'core'],
  commands: ['serve', 'run', 'config', 'render', 'broker', 'process', 'core'],
  serve: ['run', 'broker', 'core'],
  run: ['broker', 'tracing', 'core'],
  config: ['broker', 'core'],
  broker: ['core'],
  render: ['core'],
  page: ['serve', 'render', 'core'],
  tracing: ['process', 'core'],
  process: ['core'],
  core: [],
};

/** Folders whose rooms import each other one way. A file that stands in the folder itself is a room of its own. */
const WITH_ROOMS = [
  'core',
  'broker',
  'render',
  'run/worker',
  'serve',
  'serve/auth',
  'page',
  'page/views',
  'commands',
];

const layerOf = (file: string) => file.split('/')[0]!;

/** The room of a file in the folder; undefined for a file elsewhere. */
function roomOf(file: string, folder: string): string | undefined {
  return file.startsWith(`${folder}/`) ? file.slice(folder.length + 1).split('/')[0] : undefined;
}

function arrowsBetweenRooms(folder: string): [string, string][] {
  return IMPORTS.flatMap(({ from, to }) => {
    const [room, other] = [roomOf(from, folder), roomOf(to, folder)];
    return room === undefined || other === undefined ? [] : [[room, other] as [string, string]];
  });
}

describe('imports between files of src', () => {
  it('are found, and lead to files that are there', () => {
    const files = new Set(sourceFiles());
    expect(IMPORTS.length).toBeGreaterThan(files.size);
    expect(ALL.filter(({ to }) => !files.has(to))).toEqual([]);
  });

  it('make no circle', () => {
    expect(circlesAmong(IMPORTS.map(({ from, to }) => [from, to] as const))).toEqual([]);
  });

  it('lead from each layer to those below it', () => {
    expect([...new Set(sourceFiles().map(layerOf))].sort()).toEqual(Object.keys(BELOW).sort());
    const upward = ALL.filter(({ from, to }) => {
      const [layer, other] = [layerOf(from), layerOf(to)];
      return layer !== other && !BELOW[layer]!.includes(other);
    });
    expect(upward).toEqual([]);
  });

  it('lead from the page in a browser to nothing of the server but types', () => {
    const ofServer = ALL.filter(({ from, to }) => layerOf(from) === 'page' && layerOf(to) === 'serve');
    expect(ofServer.filter(({ isOfTypes }) => !isOfTypes)).toEqual([]);
    const loaded = [...loadedWith('page/page', ALL)];
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((file) => !['core', 'page', 'render'].includes(layerOf(file)))).toEqual([]);
  });

  it.each(WITH_ROOMS)('make no circle between the rooms of %s', (folder) => {
    expect(circlesAmong(arrowsBetweenRooms(folder))).toEqual([]);
  });

  it('are made late for the action of a command, and for nothing else but what is named here', () => {
    const late = ALL.filter(({ isDynamic }) => isDynamic).map(({ from, to }) => `${from} → ${to}`);
    const others = late.filter((arrow) => !/^(commands\/.*)-command → \1-action$/.test(arrow));
    expect([...new Set(others)].sort()).toEqual([...LOADED_LATE].sort());
  });

  it('load no action, no run and no broker for the help', () => {
    const loaded = [...loadedWith('cli/main', ALL)];
    expect(loaded.some((file) => file.endsWith('-command'))).toBe(true);
    expect(loaded.filter((file) => file.endsWith('-action') || /^(run|broker)\//.test(file))).toEqual([]);
  });

  it('lead from core/scheduling to core/values alone', () => {
    const rooms = arrowsBetweenRooms('core').filter(([from, to]) => from === 'scheduling' && to !== from);
    expect([...new Set(rooms.map(([, to]) => to))]).toEqual(['values']);
  });
});

describe('a circle', () => {
  it('is found where one file leads back to another, over others', () => {
    expect(
      circlesAmong([
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'b'],
      ]),
    ).toEqual(['b → c → b']);
  });

  it('is none where a file is reached by two ways', () => {
    expect(
      circlesAmong([
        ['a', 'b'],
        ['a', 'c'],
        ['b', 'd'],
        ['c', 'd'],
      ]),
    ).toEqual([]);
  });
});
