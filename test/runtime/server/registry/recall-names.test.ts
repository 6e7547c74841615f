import { expect } from 'chai';
import { type RecalledNames, recallNames } from '../../../../runtime/server/registry/recall-names.ts';
import { createRegistry, type Registry } from '../../../../runtime/server/registry/registry.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';

describe('names that runs remember', () => {
  let time: number;
  let asked: string[];
  let isDown: boolean;
  /** What answers of the store wait for. */
  let gate: Promise<void>;
  let store: Store;

  beforeEach(() => {
    time = 0;
    asked = [];
    isDown = false;
    gate = Promise.resolve();
    const memory = createMemoryStore();
    store = {
      ...memory,
      async get(key) {
        asked.push(`${key.partition}/${key.sort}`);
        if (isDown) throw new Error('the store is down');
        const found = await memory.get(key);
        await gate;
        return found;
      },
    };
  });

  const open = (): RecalledNames => {
    return recallNames(
      createRegistry(async () => store, { isOwnHost: () => false }, 1000),
      () => time,
    );
  };
  const write = (
    registry: Registry,
    token: string,
    { container = 'dev', name = 'a', host = undefined as string | undefined } = {},
  ) => registry.putNamed({ container, name, token, meta: {}, host });
  const tokenOf = async ({ forRuns }: RecalledNames, container = 'dev', name = 'a') =>
    (await forRuns.getNamed(container, name))?.token;
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('are looked up once, and then known at once', async () => {
    const server = open();
    await write(server.registry, 'one');
    asked = [];
    expect(await tokenOf(server)).to.equal('one');
    expect(server.forRuns.getNamed('dev', 'a')).to.include({ token: 'one' });
    expect(asked).to.deep.equal(['webtasks/dev/a']);
  });

  it('show a write of their own server to the next run: an update, a removal, and a first one', async () => {
    const server = open();
    expect(await tokenOf(server)).to.equal(undefined);
    await write(server.registry, 'one');
    expect(await tokenOf(server)).to.equal('one');
    await write(server.registry, 'two');
    expect(await tokenOf(server)).to.equal('two');
    await server.registry.removeNamed('dev', 'a');
    expect(await tokenOf(server)).to.equal(undefined);
  });

  it('show a write of another server within a second', async () => {
    const [here, there] = [open(), open()];
    await write(here.registry, 'one');
    expect(await tokenOf(here)).to.equal('one');
    await write(there.registry, 'two');
    time += 699;
    expect(await tokenOf(here)).to.equal('one');
    time += 301;
    expect(await tokenOf(here)).to.equal('two');
  });

  it('are looked up again before that where they are in use, and no run waits for it', async () => {
    const [here, there] = [open(), open()];
    await write(here.registry, 'one');
    await tokenOf(here);
    await write(there.registry, 'two');
    time += 700;
    asked = [];
    for (let run = 0; run < 10; run++) expect(here.forRuns.getNamed('dev', 'a')).to.include({ token: 'one' });
    await settle();
    expect(here.forRuns.getNamed('dev', 'a')).to.include({ token: 'two' });
    expect(asked).to.deep.equal(['webtasks/dev/a']);
  });

  it('are not what was on its way when they were written here', async () => {
    const server = open();
    await write(server.registry, 'one');
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    gate = held;
    const before = tokenOf(server);
    await settle(); // the store has answered, and the answer is held up
    gate = Promise.resolve();
    await write(server.registry, 'two');
    letGo();
    await before;
    expect(await tokenOf(server)).to.equal('two');
  });

  it('are good for no longer than that where the store does not answer', async () => {
    const server = open();
    await write(server.registry, 'one');
    await tokenOf(server);
    isDown = true;
    time += 999;
    expect(await tokenOf(server)).to.equal('one');
    time += 1;
    const failed = await tokenOf(server).catch((error: Error) => error.message);
    expect(failed).to.equal('the store is down');
  });

  it('are those of one container, whatever characters they have', async () => {
    const server = open();
    await write(server.registry, 'one', { container: 'a', name: '1 b' });
    expect(await tokenOf(server, 'a', '1 b')).to.equal('one');
    expect(await tokenOf(server, 'a1 ', 'b')).to.equal(undefined);
  });

  it('show a domain that is claimed here at once, and one that is claimed elsewhere within a second', async () => {
    const [here, there] = [open(), open()];
    expect(await here.registry.containerOfHost('a.test')).to.equal(undefined);
    await write(here.registry, 'one', { host: 'a.test' });
    expect(await here.registry.containerOfHost('a.test')).to.equal('dev');
    expect(await here.registry.containerOfHost('c.test')).to.equal(undefined);
    await write(here.registry, 'three', { name: 'c', host: 'C.Test.' }); // as it is not asked for
    expect(await here.registry.containerOfHost('c.test')).to.equal('dev');
    expect(await here.registry.containerOfHost('b.test')).to.equal(undefined);
    await write(there.registry, 'two', { name: 'b', host: 'b.test' });
    time += 1000;
    expect(await here.registry.containerOfHost('b.test')).to.equal('dev');
  });
});
