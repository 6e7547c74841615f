import { expect } from 'chai';
import { createQuotaRegistry, createQuotas, type Quotas, readQuotas } from '../../../../runtime/server/quotas/index.ts';
import { createRegistry, type NamedWebtask, type Registry } from '../../../../runtime/server/registry/registry.ts';
import { createDocuments, createMemoryStore, documentBytes, type Store } from '../../../../runtime/store/index.ts';
import { refusalOf } from '../../../support/refusal.ts';

const SETTINGS = { webtasks: 3, codeBytes: 100, storageBytes: 64 * 1024, logStreams: 2, cronJobs: 2 };

/** A server over a store. */
interface Server {
  readonly quotas: Quotas;
  readonly registry: Registry;
  readonly documents: ReturnType<typeof createDocuments>;
}

describe('the quotas of a container', () => {
  let store: Store;
  let time: number;
  let lists: number;

  beforeEach(() => {
    const memory = createMemoryStore();
    time = 1_000_000;
    lists = 0;
    store = {
      ...memory,
      list(partition, options) {
        lists += 1;
        return memory.list(partition, options);
      },
    };
  });

  function server(settings = SETTINGS): Server {
    const open = async (): Promise<Store> => store;
    const quotas = createQuotas(settings, open, documentBytes, () => time);
    const registry = createRegistry(open, { isOwnHost: () => false }, 1000);
    return {
      quotas,
      registry: createQuotaRegistry(registry, quotas),
      documents: createDocuments(store, () => time * 1000, quotas.resizeDocument),
    };
  }
  const webtask = (name: string, codeBytes = 10, container = 'shop'): Omit<NamedWebtask, 'version'> => ({
    container,
    name,
    token: 'token',
    meta: {},
    code: 'x',
    codeBytes,
  });
  const used = async ({ quotas }: Server) => [await quotas.webtasks.of('shop'), await quotas.code.of('shop')];

  it('refuse one webtask too many, and name container, quota and setting', async () => {
    const it = server();
    for (const name of ['a', 'b', 'c']) await it.registry.putNamed(webtask(name));
    expect(await refusalOf(it.registry.putNamed(webtask('d')))).to.deep.equal({
      code: 'QUOTA_EXCEEDED',
      message: 'the container `shop` would have 4 webtasks, and may have 3',
      fix: 'Make room, or have the quota of the server raised: WEBTASK_QUOTA_WEBTASKS.',
    });
    expect(await it.registry.getNamed('shop', 'd')).to.equal(undefined);
    await it.registry.putNamed(webtask('d', 10, 'other'));
    await it.registry.putNamed(webtask('a', 20));
    expect(await used(it)).to.deep.equal([3, 40]);
  });

  it('give back what is deleted, once, however many delete it at the same time', async () => {
    const it = server();
    for (const name of ['a', 'b', 'c']) await it.registry.putNamed(webtask(name));
    const removed = await Promise.all([1, 2, 3].map(() => it.registry.removeNamed('shop', 'b')));
    expect(removed.filter((found) => found !== undefined)).to.have.length(1);
    expect(await used(it)).to.deep.equal([2, 20]);
    await it.registry.putNamed(webtask('d'));
    expect((await refusalOf(it.registry.putNamed(webtask('e')))).code).to.equal('QUOTA_EXCEEDED');
  });

  it('are not passed by creates at the same time on several servers', async () => {
    const servers = [server(), server(), server()];
    const puts = servers.flatMap(({ registry }, i) =>
      ['a', 'b', 'c', 'd'].map((n) => registry.putNamed(webtask(n + i))),
    );
    const done = await Promise.allSettled(puts);
    expect(done.filter(({ status }) => status === 'fulfilled')).to.have.length(3);
    expect(await used(server())).to.deep.equal([3, 30]);
    expect(await servers[0]?.registry.listNamed('shop', { offset: 0, limit: 100 })).to.have.length(3);
  });

  it('are counted with few writes where much comes at once', async () => {
    let writes = 0;
    const { put } = store;
    store.put = (key, ...rest) => {
      if (key.partition.startsWith('usage/')) writes += 1;
      return put(key, ...rest);
    };
    const it = server({ ...SETTINGS, webtasks: 150 });
    const takes = await Promise.allSettled(Array.from({ length: 200 }, () => it.quotas.webtasks.take('shop', 1)));
    expect(takes.filter(({ status }) => status === 'fulfilled')).to.have.length(150);
    expect(await it.quotas.webtasks.of('shop')).to.equal(150);
    await Promise.all(Array.from({ length: 100 }, () => it.quotas.webtasks.give('shop', 1)));
    expect(await it.quotas.webtasks.of('shop')).to.equal(50);
    writes = 0;
    await Promise.all(Array.from({ length: 100 }, () => it.quotas.webtasks.take('shop', 1)));
    expect(writes).to.equal(2);
  });

  it('count a webtask once that many create at the same time', async () => {
    const servers = [server(), server()];
    await Promise.all(servers.flatMap(({ registry }) => [1, 2, 3, 4, 5].map(() => registry.putNamed(webtask('a')))));
    expect(await used(server())).to.deep.equal([1, 10]);
  });

  it('count code by its bytes, follow its updates, and leave nothing counted of what was refused', async () => {
    const it = server();
    await it.registry.putNamed(webtask('a', 60));
    expect(await refusalOf(it.registry.putNamed(webtask('b', 41)))).to.deep.equal({
      code: 'QUOTA_EXCEEDED',
      message: 'the container `shop` would have 101 bytes of code, and may have 100',
      fix: 'Make room, or have the quota of the server raised: WEBTASK_QUOTA_CODE_BYTES.',
    });
    expect(await used(it)).to.deep.equal([1, 60]);
    await it.registry.putNamed(webtask('a', 50));
    await it.registry.putNamed(webtask('b', 50));
    const { version } = await it.registry.putNamed(webtask('b', 40));
    expect((await refusalOf(it.registry.putNamed(webtask('b', 45), 'other'))).code).to.equal('NAME_CHANGED');
    await it.registry.putNamed(webtask('b', 45), version);
    expect(await used(it)).to.deep.equal([2, 95]);
  });

  it('count code of tokens without a name once for each text', async () => {
    const it = server();
    await Promise.all([1, 2, 3].map(() => it.quotas.takeNamelessCode('shop', 'x'.repeat(60))));
    expect(await used(it)).to.deep.equal([0, 60]);
    const refused = await refusalOf(it.quotas.takeNamelessCode('shop', 'y'.repeat(60)));
    expect(refused).to.include({ code: 'QUOTA_EXCEEDED' });
  });

  it('count documents in steps of 16 KB, so that a document that changes little costs no count', async () => {
    const it = server();
    const key = (sort: string) => ({ partition: 'storage/shop', sort });
    await it.documents.put(key('a'), 'x'.repeat(30_000));
    await it.documents.put(key('b'), 'x'.repeat(30_000));
    expect(await refusalOf(it.documents.put(key('c'), 1))).to.deep.equal({
      code: 'QUOTA_EXCEEDED',
      message: 'the container `shop` would have 81920 bytes of storage, and may have 65536',
      fix: 'Make room, or have the quota of the server raised: WEBTASK_QUOTA_STORAGE_BYTES.',
    });
    await it.documents.put(key('b'), 'x');
    await it.documents.put(key('c'), 1);
    const a = await it.documents.get(key('a'));
    const stale = await it.documents.put(key('a'), 'x', { expected: 'other' });
    expect(stale.ok).to.equal(false);
    await it.documents.remove(key('a'), a?.version);
    await it.documents.put(key('d'), 'x'.repeat(30_000));
    expect((await refusalOf(it.documents.put(key('e'), 1))).code).to.equal('QUOTA_EXCEEDED');
  });

  it('find what a container has from before it was counted', async () => {
    const plain = createRegistry(async () => store, { isOwnHost: () => false }, 1000);
    for (const name of ['a', 'b', 'c']) await plain.putNamed(webtask(name));
    expect((await refusalOf(server().registry.putNamed(webtask('d')))).code).to.equal('QUOTA_EXCEEDED');
  });

  it('go through what a container has only where it is full and quiet, and then find what was counted in vain', async () => {
    const it = server();
    await it.registry.putNamed(webtask('a'));
    await it.quotas.webtasks.take('shop', 2); // two creates that a kill cut short
    lists = 0;
    for (let i = 0; i < 5; i++)
      expect((await refusalOf(it.registry.putNamed(webtask('b')))).code).to.equal('QUOTA_EXCEEDED');
    expect(lists).to.equal(0);
    time += 61;
    await it.registry.putNamed(webtask('b'));
    expect(lists).to.equal(1);
    expect(await used(it)).to.deep.equal([2, 20]);
  });

  it('are none where the setting is 0', async () => {
    const it = server({ webtasks: 0, codeBytes: 0, storageBytes: 0, logStreams: 0, cronJobs: 0 });
    for (const name of ['a', 'b', 'c', 'd']) await it.registry.putNamed(webtask(name, 100));
    it.quotas.checkLogStreams('shop', 1000);
    expect(await used(it)).to.deep.equal([4, 400]);
  });

  it('refuse one log stream too many', async () => {
    const { quotas } = server();
    quotas.checkLogStreams('shop', 1);
    expect(await refusalOf((async () => quotas.checkLogStreams('shop', 2))())).to.deep.equal({
      code: 'QUOTA_EXCEEDED',
      message: 'the container `shop` would have 3 open log streams, and may have 2',
      fix: 'Make room, or have the quota of the server raised: WEBTASK_QUOTA_LOG_STREAMS.',
    });
  });

  it('come from the environment', async () => {
    expect(readQuotas({})).to.deep.equal({
      webtasks: 1000,
      codeBytes: 104_857_600,
      storageBytes: 104_857_600,
      logStreams: 20,
      cronJobs: 100,
    });
    expect(readQuotas({ WEBTASK_QUOTA_WEBTASKS: '0' })).to.include({ webtasks: 0 });
    expect(await refusalOf((async () => readQuotas({ WEBTASK_QUOTA_WEBTASKS: 'many' }))())).to.include({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_QUOTA_WEBTASKS cannot be used: it is no whole number.',
    });
  });
});
