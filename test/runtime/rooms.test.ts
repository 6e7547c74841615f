import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';

/** The rooms as CONTRIBUTING.md lists them, from the top; some share a row. */
function listedRooms(): string[] {
  const table = readFileSync('CONTRIBUTING.md', 'utf8').split('Arrows go only downwards')[1] ?? '';
  return [...table.matchAll(/^\|((?: `[^`]+`,?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:runtime\/)?(\w+)(?:\/|\.ts)`/g)].map(([, room = '']) => room),
  );
}

const roomOf = (file: string): string => file.replace(/^runtime\//, '').replace(/(?:\/.*|\.ts)$/, '');

function* importsOf(file: string): Generator<string> {
  for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm)) {
    yield normalize(join(dirname(file), to));
  }
}

describe('the rooms of CONTRIBUTING.md', () => {
  const rooms = listedRooms();

  it('are all that there are', () => {
    const there = readdirSync('runtime', { withFileTypes: true }).filter((it) => it.isDirectory());
    expect(rooms).to.include.members(there.map(({ name }) => name));
  });

  it('import from rooms below them only, so that each can be read without those above', () => {
    const upwards: string[] = [];
    for (const top of ['runtime', 'cli']) {
      for (const name of readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((it) => it.endsWith('.ts'))) {
        const file = join(top, name);
        for (const to of importsOf(file)) {
          const [from, into] = [roomOf(file), roomOf(to)].map((room) => rooms.indexOf(room)) as [number, number];
          if (from >= 0 && into >= 0 && into < from) upwards.push(`${file} imports ${to}`);
        }
      }
    }
    expect(upwards).to.deep.equal([]);
  });

  it('of the server know nothing of its management API, which calls them', () => {
    const knowing = readdirSync('runtime/server', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('api/'))
      .filter((name) =>
        [...importsOf(join('runtime/server', name))].some((to) => to.startsWith('runtime/server/api/')),
      );
    expect(knowing).to.deep.equal(['platform.ts']); // which joins them
  });
});
