import { expect } from 'chai';
import type { LoadedCode } from '../../../../runtime/code/index.ts';
import type { Modules } from '../../../../runtime/modules/index.ts';
import { createVersions, type VersionRequest } from '../../../../runtime/server/run/versions.ts';
import type { Authorization } from '../../../../runtime/server/tokens/authorize.ts';

describe('versions of webtasks that are remembered', () => {
  const modules = { foldersFor: async () => [] as string[] } as Partial<Modules> as Modules; // no more of it is used
  const request = (container: string, number: number, length = 10): VersionRequest => ({
    code: { text: 'x'.repeat(length), sha256: String(number).padStart(64, '0') } as LoadedCode, // the same
    url: undefined,
    authorization: { token: 't', claims: {} } as Authorization, // the same
    container,
    name: undefined,
    meta: {},
    sharesToken: false,
    fresh: false,
  });

  function open() {
    const made: string[] = [];
    const forgotten: string[] = [];
    const versions = createVersions<string>({
      folder: '/',
      modules,
      forgetUrl: () => undefined,
      onForgotten: (it) => void forgotten.push(it),
    });
    const use = (container: string, number: number, length?: number): Promise<string> =>
      versions.get(request(container, number, length), async () => {
        made.push(`${container} ${number}`);
        return `${container} ${number}`;
      });
    return { made, forgotten, use };
  }

  it('are not lost because another container has many: the one that has the most makes room', async () => {
    const { made, forgotten, use } = open();
    await use('small', 0);
    for (let i = 0; i < 600; i++) await use('large', i);
    made.length = 0;
    expect(await use('small', 0)).to.equal('small 0');
    expect(made).to.deep.equal([]);
    expect(forgotten).to.deep.equal(Array.from({ length: 101 }, (_, i) => `large ${i}`));
  });

  it('are not lost because the code of another container is large, either', async () => {
    const { made, use } = open();
    await use('small', 0);
    for (let i = 0; i < 20; i++) await use('large', i, 10 * 1024 * 1024);
    made.length = 0;
    await use('small', 0);
    await use('large', 19, 10 * 1024 * 1024);
    expect(made).to.deep.equal([]);
    await use('large', 0, 10 * 1024 * 1024);
    expect(made).to.deep.equal(['large 0']);
  });
});
