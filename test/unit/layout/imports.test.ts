import { describe, expect, it } from 'vitest';
import { circlesAmong, sourceFiles, sourceImports } from '../../support/source-imports.js';

const IMPORTS = sourceImports();

/** Which layers each layer may import. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'config', 'render', 'broker', 'process', 'core'],
  commands: ['run', 'config', 'render', 'broker', 'process', 'core'],
  run: ['broker', 'core'],
  config: ['broker', 'core'],
  broker: ['core'],
  render: ['core'],
  process: ['core'],
  core: [],
};

/** Folders whose rooms import each other one way. A file that stands in the folder itself is a room of its own. */
const WITH_ROOMS = ['core', 'broker', 'render', 'run/worker', 'commands'];

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
    expect(IMPORTS.filter(({ to }) => !files.has(to))).toEqual([]);
  });

  it('make no circle', () => {
    expect(circlesAmong(IMPORTS.map(({ from, to }) => [from, to] as const))).toEqual([]);
  });

  it('lead from each layer to those below it', () => {
    expect([...new Set(sourceFiles().map(layerOf))].sort()).toEqual(Object.keys(BELOW).sort());
    const upward = IMPORTS.filter(({ from, to }) => {
      const [layer, other] = [layerOf(from), layerOf(to)];
      return layer !== other && !BELOW[layer]!.includes(other);
    });
    expect(upward).toEqual([]);
  });

  it.each(WITH_ROOMS)('make no circle between the rooms of %s', (folder) => {
    expect(circlesAmong(arrowsBetweenRooms(folder))).toEqual([]);
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
